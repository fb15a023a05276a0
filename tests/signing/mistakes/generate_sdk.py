#!/usr/bin/env python3
"""Writes sdk.jsonl: requests of the vendor's own Python SDKs after one mistake of whoever uses them.

pip install qcloudapi-sdk-python==2.0.15 tencentcloud-sdk-python-common==3.1.195, then run it with that Python. Clock and chance
are held still, nothing is sent, and each case changes one thing: the configuration, one step of the signature, or the
request between signing and sending."""

import hashlib
import hmac
import json
import os
import random
import sys
import time
from urllib.parse import parse_qsl, quote, urlencode

import QcloudApi.common.request as v2_request
import QcloudApi.common.sign as v2_sign
import tencentcloud.common.abstract_client as tc_client
import tencentcloud.common.http.request as tc_request
import tencentcloud.common.sign as tc_sign
from QcloudApi.qcloudapi import QcloudApi
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from signer import SECRET_ID, SECRET_KEY, b64, write

LINES = []
OTHER_KEY = "pV1gLhQ2n0Tz7XyRk4sWc9bDm5aJf8Eu"
STAMP = 1528934400
time.time = lambda: STAMP
random.randint = lambda low, high: 1290303896
V2 = {"instanceIds": ["ins-1", "ins-2"], "instanceName": "web 1/a+b&c:你好", "forceStop": True, "limit": 20}
TC3 = {"Limit": 1, "Filters": [{"Name": "instance-name", "Values": ["未命名", "a/b"]}]}


class Sent(Exception):
    """What would have been sent."""


def stop(_, request):
    raise Sent(request)


v2_request.ApiRequest.send_request = stop
tc_request.ApiRequest.send_request = stop


def caught(call):
    try:
        call()
    except Sent as sent:
        return sent.args[0]
    raise AssertionError("nothing was sent")


def keep(expected, client, request, host, others=()):
    body = request.data if request.method == "POST" else ""
    body = body.decode() if isinstance(body, bytes) else body
    headers = [[name, value] for name, value in request.header.items() if name.lower() != "host"]
    LINES.append({"id": "sdk-%03d" % (len(LINES) + 1), "mistake": expected, "others": list(others), "client": client,
                  "method": request.method, "host": host, "path": request.uri, "raw_query": request.data if request.method == "GET" else "",
                  "headers": [["Host", host]] + headers, "raw_body": body, "body_base64": False,
                  "secret_id": SECRET_ID, "secret_key": SECRET_KEY})


def v2(expected, method="POST", secret=SECRET_KEY, sign_method="HmacSHA256", before=None, after=None, host=None, others=(), parameters=None):
    """One call of qcloudapi-sdk-python. `before` wraps Sign.make, `after` changes the request."""
    original = v2_sign.Sign.make
    if before:
        v2_sign.Sign.make = lambda self, *args, **kwargs: before(original, self, *args, **kwargs)
    try:
        config = {"Region": "ap-guangzhou", "secretId": SECRET_ID, "secretKey": secret, "method": method, "SignatureMethod": sign_method}
        call = lambda: QcloudApi("cvm", config).generateUrl and QcloudApi("cvm", config).call("ModifyInstance", dict(parameters or V2))
        request = caught(call)
    finally:
        v2_sign.Sign.make = original
    if after:
        pairs = after(parse_qsl(request.data, keep_blank_values=True))
        request.data = pairs if isinstance(pairs, str) else urlencode(pairs)
    keep(expected, "qcloudapi-sdk-python 2.0.15", request, host or request.host, others)


def with_params(change):
    """Sign.make over changed parameters."""
    return lambda make, self, host, uri, params, method="POST", sign_method="HmacSHA1": make(
        self, host, uri, change(dict(params)), method, sign_method)


def with_args(change):
    """Sign.make over changed host, path, method, algorithm."""
    def run(make, self, host, uri, params, method="POST", sign_method="HmacSHA1"):
        host, uri, method, sign_method = change(host, uri, method, sign_method)
        return make(self, host, uri, params, method, sign_method)
    return run


def put(name, change):
    return lambda pairs: [(n, change(v) if n == name else v) for n, v in pairs]


def drop(name):
    return lambda pairs: [pair for pair in pairs if pair[0] != name]


def v2_cases():
    for method in ("GET", "POST"):
        v2("SECRET_WITH_WHITE_SPACE", method, secret=SECRET_KEY + "\n")
        v2("SECRET_IN_QUOTES", method, secret='"%s"' % SECRET_KEY)
        v2("SECRET_ID_AS_KEY", method, secret=SECRET_ID)
        v2("OTHER_KEY_OF_THE_ACCOUNT", method, secret=OTHER_KEY, others=[OTHER_KEY])
        v2("SECRET_DIFFERS", method, secret="not the key")
        v2("SECRET_CUT", method, secret=SECRET_KEY[:-1])
        v2("HOST_DIFFERS", method, host="127.0.0.1:18443")
        v2("HOST_PORT", method, before=with_args(lambda host, *rest: (host + ":443",) + rest))
        v2("PATH_DIFFERS", method, before=with_args(lambda host, uri, *rest: (host, "/") + rest))
        v2("METHOD_DIFFERS", method, before=with_args(lambda h, u, m, s: (h, u, "POST" if m == "GET" else "GET", s)))
        v2("WRONG_ALGORITHM", method, before=with_args(lambda h, u, m, s: (h, u, m, "HmacSHA1")))
        v2("VALUES_PERCENT_ENCODED", method, before=with_params(lambda p: {k: quote(str(v), safe="") for k, v in p.items()}))
        v2("TIMESTAMP_CHANGED", method, after=put("Timestamp", lambda v: str(int(v) + 3)))
        v2("NONCE_CHANGED", method, after=put("Nonce", lambda v: str(int(v) + 1)))
        v2("PARAMETER_CHANGED", method, after=put("forceStop", str.lower))
        v2("PARAMETER_CHANGED", method, after=put("limit", lambda v: "100"))
        v2("PARAMETER_ADDED", method, after=lambda pairs: pairs + [("Token", "abc")])
        v2("PARAMETER_DROPPED", method, after=drop("Region"))
        for limit in range(1, 200):  # the first whose signature has a `+` to lose
            v2("SIGNATURE_PLUS_LOST", method, parameters={"limit": limit},
               after=lambda pairs: urlencode([p for p in pairs if p[0] != "Signature"]) + "&Signature=" + dict(pairs)["Signature"])
            if "+" in (LINES[-1]["raw_query"] + LINES[-1]["raw_body"]).split("&Signature=")[1]:
                break
            LINES.pop()
        v2("SIGNATURE_ENCODED_TWICE", method, after=put("Signature", lambda v: quote(v, safe="")))
        v2("VALUES_ENCODED_TWICE", method, after=put("instanceName", lambda v: quote(v, safe="")))


class Client(CommonClient):
    """CommonClient in which one step may be another."""

    step = None

    def _get_tc3_signature(self, params, req, date, service, secret_key, options=None):
        own = super()._get_tc3_signature
        if self.step is None:
            return own(params, req, date, service, secret_key, options)
        return self.step(own, params, req, date, service, secret_key, options)


def tc3(expected, method="POST", secret=SECRET_KEY, step=None, after=None, host=None, others=(), sign=None):
    original = tc_sign.Sign.sign_tc3
    if sign:
        tc_client.Sign.sign_tc3 = staticmethod(sign)
    try:
        profile = ClientProfile(signMethod="TC3-HMAC-SHA256", httpProfile=HttpProfile(endpoint="cvm.tencentcloudapi.com", reqMethod=method))
        client = Client("cvm", "2017-03-12", credential.Credential(SECRET_ID, secret), "ap-guangzhou", profile=profile)
        client.step = step
        parameters = TC3 if method == "POST" else {"Limit": 1, "Zone": "a b"}
        request = caught(lambda: client.call_json("DescribeInstances", parameters))
    finally:
        tc_client.Sign.sign_tc3 = staticmethod(original)
    request.header.pop("X-TC-TraceId", None)
    if after:
        after(request)
    keep(expected, "tencentcloud-sdk-python 3.1.195", request, host or "cvm.tencentcloudapi.com", others)


def step(change):
    """The SDK's own signature over a changed request, date or service."""
    def run(own, params, req, date, service, secret_key, options):
        saved = (req.method, req.uri, req.data, dict(req.header))
        date, service = change(req, date, service) or (date, service)
        signature = own(params, req, date, service, secret_key, options)
        req.method, req.uri, req.data = saved[:3]
        req.header.clear()
        req.header.update(saved[3])
        return signature
    return run


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256)


def set_(name, value):
    return lambda req, *_: req.__setattr__(name, value)


def header(name, value):
    return lambda req, *_: req.header.__setitem__(name, value)


def tc3_cases():
    for method in ("GET", "POST"):
        tc3("OTHER_KEY_OF_THE_ACCOUNT", method, secret=OTHER_KEY, others=[OTHER_KEY])
        tc3("SECRET_DIFFERS", method, secret="notthekey")
        tc3("SECRET_CUT", method, secret=SECRET_KEY[1:])
        tc3("HOST_DIFFERS", method, host="127.0.0.1:18080")
        tc3("HOST_PORT", method, step=step(header("Host", "cvm.tencentcloudapi.com:443")))
        tc3("PATH_DIFFERS", method, step=step(set_("uri", "")))
        tc3("TIMESTAMP_CHANGED", method, after=lambda req: req.header.__setitem__("X-TC-Timestamp", str(STAMP + 2)))
        tc3("SCOPE_DATE_DIFFERS", method, step=step(lambda req, date, service: ("2018-06-15", service)))
        tc3("SERVICE_DIFFERS", method, step=step(lambda req, date, service: (date, "cbs")))
        tc3("HEADER_CHANGED", method, after=lambda req: req.header.__setitem__("Content-Type", "application/json; charset=utf-8"))
        tc3("KEY_OF_OTHER_SCHEME", method, sign=lambda key, date, service, text: mac(key.encode(), text).hexdigest())
        tc3("KEY_STEPS_DIFFER", method, sign=lambda key, date, service, text: mac(
            mac(mac(("TC3" + key).encode(), date).digest(), service).digest(), text).hexdigest())
        tc3("KEY_STEPS_ENCODED", method, sign=lambda key, date, service, text: mac(
            mac(mac(mac(("TC3" + key).encode(), date).hexdigest().encode(), service).hexdigest().encode(), "tc3_request").hexdigest().encode(), text).hexdigest())
        tc3("STRING_WITH_NEWLINE", method, sign=lambda key, date, service, text: tc3_own(key, date, service, text + "\n"))
        tc3("SIGNATURE_UPPER_CASE", method, sign=lambda *args: tc3_own(*args).upper())
        tc3("SIGNATURE_BASE64", method, sign=lambda *args: b64(bytes.fromhex(tc3_own(*args))))
        tc3("HEADER_NAMES_UPPER_CASE", method, after=lambda req: req.header.__setitem__(
            "Authorization", req.header["Authorization"].replace("content-type;host", "Content-Type;Host")))
    tc3("BODY_RESERIALISED", after=lambda req: setattr(req, "data", json.dumps(json.loads(req.data), separators=(",", ":"))))
    tc3("BODY_RESERIALISED", after=lambda req: setattr(req, "data", json.dumps(json.loads(req.data), ensure_ascii=False)))
    tc3("BODY_RESERIALISED", after=lambda req: setattr(req, "data", json.dumps(json.loads(req.data), sort_keys=True)))
    tc3("BODY_RESERIALISED", after=lambda req: setattr(req, "data", json.dumps(json.loads(req.data), indent=2)))
    tc3("BODY_NOT_SIGNED", step=step(set_("data", "")))
    tc3("BODY_NOT_SIGNED", step=step(set_("data", "{}")))
    tc3("UNSIGNED_PAYLOAD_NOT_SAID", step=step(header("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD")))
    tc3("QUERY_DIFFERS", "GET", after=lambda req: setattr(req, "data", req.data.replace("+", "%20")))
    tc3("QUERY_DIFFERS", "GET", step=step(set_("data", "")))


tc3_own = tc_sign.Sign.sign_tc3
v2_cases()
tc3_cases()
write(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sdk.jsonl"), LINES)
print(len(LINES), "requests")
