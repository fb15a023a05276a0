"""What each Python client of the matrix does, and what its user sees.

A driver gives `call(account, action, params)`: it calls by the real package, returns the answer as a dict, and raises
what the package raises. Rows are printed as one JSON object, for suite/tests/it/clients to judge.
"""
import json
import os
import sys

WORLD = json.loads(os.environ["FAREGATE_WORLD"])
FOREIGN = "ins-0ther001"
NAME = "\u672a\u547d\u540d a b+c&d=e%~*\u00e9"


def account(name):
    """SecretId and SecretKey of one of the demo's accounts; `wrong` has a key that is not its own."""
    found = WORLD["accounts"]["demo" if name == "wrong" else name]
    return found["secretId"], "not the key" if name == "wrong" else found["secretKey"]


class Rows:
    def __init__(self, call, code, sees=None):
        self.call, self.code, self.sees, self.rows = call, code, sees, []

    def row(self, step, who, action, params, sees=None):
        """One call; the answer, if there is one."""
        try:
            answer = self.call(who, action, params)
            shown = (sees or self.sees or show)(answer)
            self.rows.append({"step": step, "call": action, "code": self.code(answer, None), "sees": shown})
            return answer
        except Exception as error:  # What the user sees is the point.
            shown = "%s: %s" % (type(error).__name__, error)
            self.rows.append({"step": step, "call": action, "code": self.code(None, error), "sees": shown})
            return {}

    def all(self, order, spell, ids_of):
        """The whole matrix; `spell` writes a name as the dialect does."""
        many = lambda ids: {spell("instanceIds"): ids}
        self.row("read", "demo", "DescribeZones", {})
        ids = ids_of(self.row("purchase", "demo", "RunInstances", order))
        self.row("arrays", "demo", "StopInstances", many(ids))
        self.row("unicode", "demo", "CreateProject", {spell("projectName"): NAME})
        self.row("unicode back", "demo", "DescribeProject", {}, sees=came_back)
        self.codes(order, spell, ids)

    def codes(self, order, spell, ids):
        self.row("4000", "demo", "DescribeInstances", {spell("limit"): 0})
        self.row("4100", "wrong", "DescribeZones", {})
        self.row("4300", "suspended", "DescribeZones", {})
        self.row("5300", "poor", "RunInstances", order)
        self.row("5400", "demo", "StartInstances", {spell("instanceIds"): [ids[0], FOREIGN]} if ids else {})
        self.row("6100", "demo", "DescribeNothing", {})


def show(answer):
    return json.dumps(answer, ensure_ascii=False)


def came_back(answer):
    return "the name came back as sent" if NAME in json.dumps(answer, ensure_ascii=False) else "the name is not " + NAME


def flat(params):
    """Lists numbered, for packages that leave that to their user."""
    pairs = {}
    for name, value in params.items():
        if isinstance(value, list):
            pairs.update(("%s.%d" % (name, n), item) for n, item in enumerate(value))
        else:
            pairs[name] = value
    return pairs


def v2_code(answer, error):
    return answer.get("code") if answer is not None else getattr(error, "code", None)


def api3_code(answer, error):
    if error is not None:
        return getattr(error, "code", None)
    return answer.get("Response", answer).get("Error", {}).get("Code", 0)


def lower(name):
    return name


def upper(name):
    return name[0].upper() + name[1:]


ORDER = {"zone": "gz-1", "instanceType": "S1.SMALL1", "imageId": "img-debian-12", "period": 1, "goodsNum": 2}
ORDER3 = {upper(name): value for name, value in ORDER.items()}


def report(rows):
    json.dump({"rows": rows}, sys.stdout)
    print()
