from sts.sts import Sts

from steps import *


POLICY = {"version": "2.0", "statement": [{"effect": "allow", "action": ["name/cvm:Describe*"], "resource": ["*"]}]}


def call(who, action, params):
    secret_id, secret_key = account(who)
    sts = Sts({"url": "http://%s/" % WORLD["http"], "domain": WORLD["http"], "duration_seconds": 1800, "secret_id": secret_id,
               "secret_key": secret_key, "region": "ap-guangzhou", "policy": POLICY})
    return sts.get_credential()


def code(answer, error):
    """The package raises a plain Exception that has the answer as text."""
    return 0 if error is None else str(error).split("'Code': '")[-1].split("'")[0]


def kinds(answer):
    """What came, without the secrets."""
    return "%s: %s" % (", ".join(sorted(answer)), ", ".join(sorted(answer["credentials"])))


rows = Rows(call, code)
rows.row("read", "demo", "GetFederationToken", {}, sees=kinds)
rows.row("4100", "wrong", "GetFederationToken", {})
rows.row("4300", "suspended", "GetFederationToken", {})
report(rows.rows)
