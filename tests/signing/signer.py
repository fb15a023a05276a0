"""The signature rules of v2 and TC3 in Python's standard library, each step replaceable.

Written from the rules, not from the Rust code: what the suite expects must not come from what it tests.
"""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import quote

SECRET_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA"
SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA"


def utf8(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")


def sha256(data):
    return hashlib.sha256(utf8(data)).hexdigest()


def mac(key, text, algorithm=hashlib.sha1):
    return hmac.new(utf8(key), utf8(text), algorithm).digest()


def b64(data):
    return base64.b64encode(utf8(data)).decode()


def escape(text):
    return quote(text, safe="-._~")


def encode(pairs, with_=escape):
    return "&".join(with_(name) + "=" + with_(value) for name, value in pairs)


# ---------------------------------------------------------------------------------------------------------------- v2

def dotted(name):
    return name.replace("_", ".")


def string_v2(pairs, method, host, path, values=lambda v: v, names=dotted, order=None, joiner="&", gaps=("", "", "?")):
    order = order or (lambda named: sorted(named, key=lambda pair: utf8(pair[0])))
    named = order([(names(name), value) for name, value in pairs if name != "Signature"])
    query = joiner.join(name + "=" + values(value) for name, value in named)
    return method + gaps[0] + host + gaps[1] + path + gaps[2] + query


def algorithm_of(pairs):
    return hashlib.sha256 if ("SignatureMethod", "HmacSHA256") in list(pairs) else hashlib.sha1


def line_v2(id_, pairs, signature, method="GET", host="cvm.api.qcloud.com", path="/v2/index.php",
            encoded=None, form=encode, headers=None, **more):
    """A line of the corpus: the request as sent."""
    query = encoded if encoded is not None else form(list(pairs) + [("Signature", signature)])
    post = method == "POST"
    headers = headers if headers is not None else (
        [["Content-Type", "application/x-www-form-urlencoded"]] if post else [])
    return {"id": id_, **more, "method": method, "host": host, "path": path, "raw_query": "" if post else query,
            "headers": [["Host", host]] + headers, "raw_body": query if post else "", "body_base64": False,
            "secret_id": SECRET_ID, "secret_key": SECRET_KEY}


# --------------------------------------------------------------------------------------------------------------- TC3

def date_of(stamp):
    return time.strftime("%Y-%m-%d", time.gmtime(int(stamp)))


def canonical(method, path, query, lines, signed, payload, colon=":", feed="\n", blank="\n"):
    headers = "".join(name + colon + value + feed for name, value in lines)
    return method + "\n" + path + "\n" + query + "\n" + headers + blank + signed + "\n" + payload


def string_tc3(stamp, scope, canonical_request, hash_=sha256, algorithm="TC3-HMAC-SHA256"):
    return "\n".join([algorithm, str(stamp), scope, hash_(canonical_request)])


def key_tc3(secret, date, service, steps=None, prefix="TC3", through=lambda raw: raw):
    key = utf8(prefix) + utf8(secret)
    for step in steps if steps is not None else [date, service, "tc3_request"]:
        key = utf8(through(mac(key, step, hashlib.sha256)))
    return key


class Tc3:
    """A TC3 call. What is signed may be set apart from what is sent."""

    def __init__(self, **other):
        self.method, self.path, self.query = "POST", "/", ""
        self.host, self.service, self.stamp = "cvm.tencentcloudapi.com", "cvm", 1551113065
        self.action, self.version, self.region, self.token = "DescribeInstances", "2017-03-12", "ap-guangzhou", None
        self.content_type = "application/json; charset=utf-8"
        self.body = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
        self.signed = ["content-type", "host"]
        self.extra = []
        self.secret, self.secret_id = SECRET_KEY, SECRET_ID
        self.__dict__.update(other)

    def headers(self):
        found = [("Content-Type", self.content_type), ("X-TC-Action", self.action), ("X-TC-Version", self.version),
                 ("X-TC-Timestamp", str(self.stamp)), ("X-TC-Region", self.region), ("X-TC-Token", self.token)]
        return [[name, value] for name, value in found if value is not None] + [list(pair) for pair in self.extra]

    def value(self, name):
        if name == "host":
            return self.host
        return next(value for sent, value in self.headers() if sent.lower() == name)

    def lines(self):
        return [(name, self.value(name).strip().lower()) for name in self.signed]

    def payload(self):
        unsigned = any(n.lower() == "x-tc-content-sha256" and v == "UNSIGNED-PAYLOAD" for n, v in self.headers())
        return sha256("UNSIGNED-PAYLOAD" if unsigned else self.body)

    def canonical(self, **other):
        part = {"method": self.method, "path": self.path, "query": self.query, "lines": self.lines(),
                "signed": ";".join(self.signed), "payload": self.payload()}
        part.update(other)
        return canonical(**part)

    def scope(self):
        return date_of(self.stamp) + "/" + self.service + "/tc3_request"

    def string(self, canonical_request=None, **other):
        text = self.canonical() if canonical_request is None else canonical_request
        return string_tc3(other.pop("stamp", self.stamp), other.pop("scope", self.scope()), text, **other)

    def key(self, **other):
        return key_tc3(self.secret, other.pop("date", date_of(self.stamp)), other.pop("service", self.service), **other)

    def sign(self, text=None, key=None):
        text = self.string() if text is None else text
        return mac(self.key() if key is None else key, text, hashlib.sha256).hex()

    def authorization(self, signature=None, scope=None, signed=None):
        return "TC3-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}".format(
            self.secret_id, scope or self.scope(), signed or ";".join(self.signed), signature or self.sign())

    def line(self, id_, authorization=None, **more):
        """The request as sent."""
        body, base64_ = self.body, False
        if isinstance(body, bytes):
            body, base64_ = b64(body), True
        return {"id": id_, **more, "method": self.method, "host": self.host, "path": self.path,
                "raw_query": self.query,
                "headers": [["Host", self.host]] + self.headers() + [["Authorization", authorization or self.authorization()]],
                "raw_body": body, "body_base64": base64_, "secret_id": SECRET_ID, "secret_key": SECRET_KEY}

    def but(self, **other):
        copy = Tc3()
        copy.__dict__.update(self.__dict__)
        copy.__dict__.update(other)
        return copy


def write(path, lines):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        for line in lines:
            out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
