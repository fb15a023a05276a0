#!/usr/bin/env python3
"""Writes mistakes.jsonl: requests as clients send them after one mistake, and the mistake's name.

Each request is made by a hand-written signer in which one step is done wrongly. Python's standard library only;
`python3 generate.py` gives the same bytes every time."""

import hashlib
import json
import os
import sys
from urllib.parse import quote, quote_plus

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from signer import (SECRET_ID, SECRET_KEY, Tc3, algorithm_of, b64, date_of, dotted, encode, escape, key_tc3, line_v2, mac, sha256,
                    string_v2, utf8, write)

OTHER_KEY = "pV1gLhQ2n0Tz7XyRk4sWc9bDm5aJf8Eu"
HOST, PATH = "cvm.api.qcloud.com", "/v2/index.php"
LINES = []


def common(action, method=None, nonce="11886", stamp="1528934400", **more):
    pairs = [("Action", action), ("Nonce", nonce), ("Region", "ap-guangzhou"), ("SecretId", SECRET_ID)]
    if method:
        pairs.append(("SignatureMethod", method))
    return pairs + [("Timestamp", stamp)] + [(k, v) for k, v in more.items()]


PLAIN = common("DescribeInstances") + [("instanceIds.0", "ins-09dx96dg"), ("limit", "20"), ("offset", "0")]
PLAIN256 = common("DescribeInstances", "HmacSHA256") + [("limit", "20"), ("offset", "0"), ("zoneId", "100001")]
RICH = common("ModifyInstance", "HmacSHA256") + [("instanceName", "web 1/a+b&c=d:é你好"), ("instanceId", "ins-1"), ("forceStop", "true")]
SPACED = common("ModifyInstance") + [("instanceName", "my web server"), ("instanceId", "ins-1")]
PLUS = common("ModifyInstance") + [("instanceName", "a+b"), ("tag", "x:y/z"), ("instanceId", "ins-1")]
CASED = common("RunInstances") + [("Zone", "z"), ("imageId", "img-1"), ("ImageType", "public"), ("zoneId", "100001")]
LISTED = common("RestartInstances") + [("instanceIds.%d" % n, "ins-%d" % n) for n in range(12)]
SHORT_LIST = common("StopInstances", "HmacSHA256") + [("instanceIds.0", "ins-a"), ("instanceIds.1", "ins-b"), ("forceStop", "0")]
NESTED = common("DescribeInstances") + [("a", "1"), ("a.b", "2"), ("a1", "3"), ("limit", "5")]
UNDERSCORED = common("CreateDisk") + [("disk_size_gb", "50"), ("disk_name", "data"), ("diskType", "ssd")]
EMPTY = common("DescribeInstances", "HmacSHA256") + [("searchWord", ""), ("limit", "20")]
LATIN = common("ModifyInstance") + [("instanceName", "café"), ("instanceId", "ins-1")]
AMPERSAND = common("ModifyInstance") + [("instanceName", "R&D"), ("instanceId", "ins-1")]
MULTILINE = common("RunInstances") + [("userData", "#!/bin/sh\r\necho 1\r\n"), ("imageId", "img-1")]
AT = common("UploadKey") + [("keyName", "k"), ("publicKey", "@ssh-rsa")]


def v2(expected, pairs, text=None, key=SECRET_KEY, method="GET", host=HOST, path=PATH, output=b64, algorithm=None,
       sent=None, encoded=None, form=encode, others=(), **how):
    """Signs `pairs`, as `how` says, and sends `sent`."""
    signed_method = how.pop("signed_method", method)
    string = string_v2(pairs, signed_method, how.pop("signed_host", host), how.pop("signed_path", path), **how)
    tag = mac(key, text(string) if text else string, algorithm or algorithm_of(pairs))
    n = sum(1 for line in LINES if line["mistake"] == expected)
    LINES.append(line_v2("v2-%s-%d" % (expected.lower().replace("_", "-"), n + 1), sent if sent is not None else pairs,
                         output(tag), method, host, path, encoded, form, mistake=expected, others=list(others)))


def without(pairs, *names):
    return [pair for pair in pairs if pair[0] not in names]


def replaced(pairs, name, value):
    return [(n, value if n == name else v) for n, v in pairs]


def plus_at_most(tag_of):
    """A nonce for which the signature holds a `+`, so that losing it shows."""
    for nonce in range(1, 10_000):
        pairs = replaced(PLAIN, "Nonce", str(nonce))
        signature = tag_of(pairs)
        if "+" in signature and "/" in signature:
            return pairs
    raise AssertionError


def signature_of(pairs, method="GET"):
    return b64(mac(SECRET_KEY, string_v2(pairs, method, HOST, PATH), algorithm_of(pairs)))


def v2_spellings():
    plus = plus_at_most(signature_of)
    v2("SIGNATURE_PLUS_LOST", plus, encoded=encode(plus) + "&Signature=" + signature_of(plus))
    v2("SIGNATURE_PLUS_LOST", plus, method="POST", encoded=encode(plus) + "&Signature=" + signature_of(plus, "POST")) \
        if "+" in signature_of(plus, "POST") else None
    v2("SIGNATURE_ENCODED_TWICE", PLAIN, output=lambda tag: escape(b64(tag)))
    v2("SIGNATURE_ENCODED_TWICE", RICH, method="POST", output=lambda tag: escape(b64(tag)))
    v2("SIGNATURE_HEX", PLAIN, output=lambda tag: tag.hex())
    v2("SIGNATURE_HEX", PLAIN256, method="POST", output=lambda tag: tag.hex().upper())
    v2("SIGNATURE_BASE64_OF_HEX", PLAIN, output=lambda tag: b64(tag.hex()))
    v2("SIGNATURE_BASE64_OF_HEX", RICH, output=lambda tag: b64(tag.hex()))
    v2("SIGNATURE_BASE64URL", plus, output=lambda tag: b64(tag).replace("+", "-").replace("/", "_"))
    v2("SIGNATURE_WITHOUT_PADDING", PLAIN, output=lambda tag: b64(tag).rstrip("="))
    v2("SIGNATURE_WITHOUT_PADDING", SHORT_LIST, method="POST", output=lambda tag: b64(tag).rstrip("="))
    v2("SIGNATURE_WITH_WHITE_SPACE", PLAIN, output=lambda tag: b64(tag) + "\n")
    v2("SIGNATURE_WITH_WHITE_SPACE", RICH, method="POST", output=lambda tag: b64(tag)[:20] + "\n" + b64(tag)[20:])


def v2_keys():
    for pairs, method in ((PLAIN, "GET"), (RICH, "POST")):
        v2("SECRET_WITH_WHITE_SPACE", pairs, key=SECRET_KEY + "\n", method=method)
        v2("SECRET_WITH_WHITE_SPACE", pairs, key=" " + SECRET_KEY, method=method)
        v2("SECRET_IN_QUOTES", pairs, key='"' + SECRET_KEY + '"', method=method)
        v2("SECRET_ID_AS_KEY", pairs, key=SECRET_ID, method=method)
        v2("SECRET_WITH_AMPERSAND", pairs, key=SECRET_KEY + "&", method=method)
        v2("OTHER_KEY_OF_THE_ACCOUNT", pairs, key=OTHER_KEY, method=method, others=[OTHER_KEY])
        v2("SECRET_DIFFERS", pairs, key="not" + OTHER_KEY, method=method)
    v2("SECRET_WITH_WHITE_SPACE", SHORT_LIST, key=SECRET_KEY + "\r\n")
    v2("SECRET_CASE", PLAIN, key=SECRET_KEY.lower())
    v2("SECRET_CUT", PLAIN256, key=SECRET_KEY[:-1])
    v2("SECRET_CUT", PLAIN, key=SECRET_KEY[1:])
    v2("SECRET_EMPTY", PLAIN, key="")
    v2("SECRET_ENCODED", PLAIN, key=b64(SECRET_KEY))
    v2("SECRET_ENCODED", PLAIN256, key=SECRET_KEY.encode().hex())
    v2("KEY_OF_OTHER_SCHEME", PLAIN256, key="TC3" + SECRET_KEY)
    v2("WRONG_ALGORITHM", PLAIN, algorithm=hashlib.sha256)
    v2("WRONG_ALGORITHM", PLAIN256, algorithm=hashlib.sha1)
    v2("WRONG_ALGORITHM", RICH, algorithm=hashlib.sha1, method="POST")
    v2("WRONG_ALGORITHM", PLAIN, algorithm=hashlib.sha512)
    v2("WRONG_ALGORITHM", PLAIN, algorithm=hashlib.md5)
    v2("PLAIN_HASH", PLAIN, output=lambda _: b64(hashlib.sha1(utf8(SECRET_KEY + string_v2(PLAIN, "GET", HOST, PATH))).digest()))
    v2("PLAIN_HASH", RICH, output=lambda _: b64(hashlib.sha256(utf8(string_v2(RICH, "GET", HOST, PATH) + SECRET_KEY)).digest()))
    v2("KEY_AND_TEXT_SWAPPED", PLAIN, output=lambda _: b64(mac(string_v2(PLAIN, "GET", HOST, PATH), SECRET_KEY)))


def v2_beginnings():
    for pairs in (PLAIN, RICH, LISTED):
        v2("METHOD_DIFFERS", pairs, method="POST", signed_method="GET")
        v2("METHOD_DIFFERS", pairs, method="GET", signed_method="POST")
    v2("METHOD_DIFFERS", PLAIN, signed_method="get")
    v2("METHOD_DIFFERS", PLAIN, signed_method="")
    local = "127.0.0.1:18443"
    v2("HOST_DIFFERS", PLAIN, host=local, signed_host=HOST)
    v2("HOST_DIFFERS", RICH, host=local, signed_host=HOST, method="POST")
    v2("HOST_DIFFERS", PLAIN, signed_host="cdb.api.qcloud.com")
    v2("HOST_DIFFERS", PLAIN, signed_host="cvm.tencentcloudapi.com")
    v2("HOST_DIFFERS", PLAIN256, signed_host="")
    v2("HOST_DIFFERS", PLAIN, host="127.0.0.1:18443", signed_host="localhost:18443")
    v2("HOST_PORT", PLAIN, signed_host=HOST + ":443")
    v2("HOST_PORT", RICH, signed_host=HOST + ":80", method="POST")
    v2("HOST_PORT", PLAIN, host=HOST + ":8443", signed_host=HOST + ":443")
    v2("HOST_WITH_SCHEME", PLAIN, signed_host="https://" + HOST)
    v2("HOST_WITH_SCHEME", RICH, signed_host="https://" + HOST, method="POST")
    v2("PATH_DIFFERS", PLAIN, signed_path="/")
    v2("PATH_DIFFERS", RICH, signed_path="", method="POST")
    v2("PATH_DIFFERS", PLAIN256, signed_path="/v2/index.php/")
    v2("PATH_DIFFERS", PLAIN, path="/", signed_path=PATH)
    v2("PARTS_SEPARATED", PLAIN, gaps=("\n", "\n", "\n"))
    v2("PARTS_SEPARATED", PLAIN, gaps=("&", "", "?"))
    v2("QUESTION_MARK_MISSING", PLAIN, gaps=("", "", ""))
    v2("QUESTION_MARK_MISSING", RICH, gaps=("", "", ""), method="POST")


def v2_values():
    for method in ("GET", "POST"):
        v2("VALUES_PERCENT_ENCODED", RICH, values=escape, method=method)
        v2("VALUES_PERCENT_ENCODED", RICH, values=quote_plus, method=method)
    v2("VALUES_PERCENT_ENCODED", RICH, values=quote)
    v2("VALUES_PERCENT_ENCODED", SPACED, values=escape)
    v2("VALUES_PERCENT_ENCODED", PLUS, values=lambda v: quote(v, safe="-._~!*'()"))
    v2("VALUES_PERCENT_ENCODED", AMPERSAND, values=quote_plus, method="POST")
    v2("VALUES_ENCODED_TWICE", RICH, form=lambda pairs: encode([(n, v if n == "Signature" else escape(v)) for n, v in pairs]))
    v2("VALUES_ENCODED_TWICE", SPACED, method="POST",
       form=lambda pairs: encode([(n, v if n == "Signature" else escape(v)) for n, v in pairs]))
    unescaped = lambda pairs: "&".join(n + "=" + (escape(v) if n == "Signature" else v) for n, v in pairs)
    v2("PLUS_LOST", PLUS, form=unescaped)
    v2("PLUS_LOST", PLUS, form=unescaped, method="POST")
    v2("AMPERSAND_ESCAPED", PLAIN, joiner="&amp;")
    v2("AMPERSAND_ESCAPED", AMPERSAND, values=lambda v: v.replace("&", "&amp;"))
    v2("AMPERSAND_ESCAPED", AMPERSAND, values=lambda v: v.replace("&", "\\u0026"), method="POST")
    v2("NAMES_PERCENT_ENCODED", [(n.replace("ids.", "ids/"), v) for n, v in common("X") + [("ids/0", "a"), ("ids/1", "b")]],
       names=lambda n: escape(dotted(n)))
    v2("ENCODING_LATIN1", LATIN, text=lambda s: s.encode("latin-1"))
    v2("ENCODING_LATIN1", LATIN, text=lambda s: s.encode("latin-1"), method="POST")
    v2("ENCODING_UTF16", PLAIN, text=lambda s: s.encode("utf-16-le"))
    v2("ENCODING_TWICE", LATIN, sent=replaced(LATIN, "instanceName", "café".encode().decode("latin-1")))
    v2("ENCODING_TWICE", RICH, sent=replaced(RICH, "instanceName", dict(RICH)["instanceName"].encode().decode("latin-1")), method="POST")
    v2("NON_ASCII_ESCAPED", RICH, values=lambda v: v.encode("ascii", "backslashreplace").decode().replace("\\xe9", "\\u00e9"))
    v2("NON_ASCII_ESCAPED", RICH, values=lambda v: v.encode("ascii", "replace").decode(), method="POST")
    v2("LINE_ENDINGS", MULTILINE, values=lambda v: v.replace("\r\n", "\n"), method="POST")
    v2("LINE_ENDINGS", replaced(MULTILINE, "userData", "a\nb\n"), values=lambda v: v.replace("\n", "\r\n"), method="POST")


def v2_orders():
    shuffled = [PLAIN[7], PLAIN[3], PLAIN[0], PLAIN[5], PLAIN[1], PLAIN[6], PLAIN[2], PLAIN[4]]
    v2("NOT_SORTED", shuffled, order=lambda named: named)
    v2("NOT_SORTED", [RICH[4], RICH[7], RICH[0], RICH[1], RICH[5], RICH[6], RICH[2], RICH[3]], order=lambda named: named, method="POST")
    v2("NOT_SORTED", PLAIN256, order=lambda named: sorted(p for p in named if p[0] != "SignatureMethod") + [p for p in named if p[0] == "SignatureMethod"])
    insensitive = lambda named: sorted(named, key=lambda pair: pair[0].lower())
    v2("SORTED_IGNORING_CASE", CASED, order=insensitive)
    v2("SORTED_IGNORING_CASE", PLAIN, order=insensitive)
    v2("SORTED_IGNORING_CASE", RICH, order=insensitive, method="POST")
    number = lambda name: [int(part) if part.isdigit() else part for part in name.split(".")]
    v2("SORTED_BY_NUMBER", LISTED, order=lambda named: sorted(named, key=lambda pair: number(pair[0])))
    v2("SORTED_BY_NUMBER", LISTED, order=lambda named: sorted(named, key=lambda pair: number(pair[0])), method="POST")
    v2("SORTED_DESCENDING", PLAIN, order=lambda named: sorted(named, reverse=True))
    v2("SORTED_WITH_VALUES", NESTED, order=lambda named: sorted(named, key=lambda pair: pair[0] + "=" + pair[1]))
    v2("SORTED_WITH_VALUES", NESTED, order=lambda named: sorted(named, key=lambda pair: pair[0] + "=" + pair[1]), method="POST")
    v2("UNDERSCORE_FIRST_ONLY", UNDERSCORED, names=lambda n: n.replace("_", ".", 1))
    v2("UNDERSCORE_FIRST_ONLY", UNDERSCORED, names=lambda n: n, order=lambda named: [(n.replace("_", ".", 1), v) for n, v in sorted(named)], method="POST")
    v2("DOTS_REPLACED", SHORT_LIST, names=lambda n: n.replace(".", "_"))
    v2("DOTS_REPLACED", LISTED, names=lambda n: n.replace(".", "_"), method="POST")
    # The query as sent, in its own order and encoded.
    mixed = [RICH[5], RICH[0], RICH[7], RICH[1], RICH[2], RICH[6], RICH[3], RICH[4]]
    v2("QUERY_AS_SENT", mixed, text=lambda _: "GET" + HOST + PATH + "?" + encode(mixed))
    v2("QUERY_AS_SENT", mixed, text=lambda _: "POST" + HOST + PATH + "?" + encode(mixed), method="POST")


def v2_lists():
    for signed, name in ((without(PLAIN256, "SignatureMethod"), "SignatureMethod"), (without(RICH, "instanceId"), "instanceId")):
        full = PLAIN256 if name == "SignatureMethod" else RICH
        v2("PARAMETER_ADDED", signed, sent=full, algorithm=hashlib.sha256)
    v2("PARAMETER_ADDED", PLAIN, sent=PLAIN + [("Token", "abc")])
    v2("PARAMETER_ADDED", PLAIN, sent=PLAIN + [("RequestClient", "SDK_X_1.0")], method="POST")
    v2("PARAMETER_ADDED", without(PLAIN, "SecretId"), sent=PLAIN)
    v2("PARAMETER_ADDED", without(PLAIN, "Timestamp", "Nonce"), sent=PLAIN)
    v2("PARAMETER_ADDED", without(PLAIN, "Action"), sent=PLAIN)
    v2("PARAMETER_DROPPED", PLAIN + [("Token", "")], sent=PLAIN)
    v2("PARAMETER_DROPPED", PLAIN, sent=without(PLAIN, "Region"))
    v2("PARAMETER_DROPPED", PLAIN256, sent=without(PLAIN256, "SignatureMethod"), method="POST", algorithm=hashlib.sha256)
    v2("PARAMETER_DROPPED", PLAIN, sent=without(PLAIN, "offset"))
    v2("PARAMETER_DROPPED", PLAIN + [("Version", "2017-03-12")], sent=PLAIN)
    v2("PARAMETER_CHANGED", PLAIN, sent=replaced(PLAIN, "limit", "100"))
    v2("PARAMETER_CHANGED", RICH, sent=replaced(RICH, "forceStop", "True"))
    v2("PARAMETER_CHANGED", RICH, sent=replaced(RICH, "forceStop", "1"), method="POST")
    v2("PARAMETER_CHANGED", PLAIN, sent=replaced(PLAIN, "Region", "gz"))
    v2("PARAMETER_CHANGED", SPACED, sent=replaced(SPACED, "instanceName", " my web server"))
    v2("PARAMETER_CHANGED", PLAIN, sent=replaced(PLAIN, "limit", "20.0"))
    v2("PARAMETER_CHANGED", PLAIN, sent=replaced(PLAIN, "Action", "describeInstances"))
    v2("PARAMETER_CHANGED", replaced(RICH, "instanceName", '{"a": 1}'), sent=replaced(RICH, "instanceName", '{"a":1}'))
    v2("PARAMETER_CHANGED", replaced(EMPTY, "searchWord", "null"), sent=EMPTY)
    for stamp in ("1528934399", "1528934401", "1528934412", "1528963200", "1528934400000"):
        v2("TIMESTAMP_CHANGED", replaced(PLAIN, "Timestamp", stamp), sent=PLAIN)
    v2("TIMESTAMP_CHANGED", replaced(RICH, "Timestamp", "1528934398"), sent=RICH, method="POST")
    v2("NONCE_CHANGED", replaced(PLAIN, "Nonce", "11885"), sent=PLAIN)
    v2("NONCE_CHANGED", replaced(PLAIN256, "Nonce", "11887"), sent=PLAIN256, method="POST")
    v2("SIGNATURE_SIGNED", PLAIN, text=lambda s: string_v2(sorted(PLAIN), "GET", HOST, PATH).replace("&Timestamp", "&Signature=&Timestamp"))
    v2("EMPTY_VALUES_LEFT_OUT", without(EMPTY + [("a_b", "1")], "searchWord"), sent=EMPTY + [("a_b", "1")], algorithm=hashlib.sha256)
    v2("AT_VALUES_LEFT_OUT", without(AT, "publicKey"), sent=AT)
    shifted = lambda n: n if not n.startswith("instanceIds.") else "instanceIds.%d" % (int(n.split(".")[1]) + 1)
    v2("INDEX_SHIFTED", SHORT_LIST, names=shifted)
    v2("INDEX_SHIFTED", PLAIN, names=shifted, method="POST")
    flat = without(SHORT_LIST, "instanceIds.0", "instanceIds.1")
    for text in ("Array", '["ins-a","ins-b"]', "['ins-a', 'ins-b']", "ins-a,ins-b"):
        v2("LIST_NOT_FLATTENED", flat + [("instanceIds", text)], sent=SHORT_LIST, algorithm=hashlib.sha256)


def v2_wholes():
    v2("STRING_WITH_NEWLINE", PLAIN, text=lambda s: s + "\n")
    v2("STRING_WITH_NEWLINE", RICH, text=lambda s: s + "\n", method="POST")
    v2("STRING_WITH_AMPERSAND", PLAIN, text=lambda s: s + "&")
    v2("STRING_WITH_AMPERSAND", PLAIN, text=lambda s: s.replace("?", "?&", 1))
    v2("STRING_ENCODED", PLAIN, text=escape)
    v2("STRING_ENCODED", RICH, text=quote_plus, method="POST")
    v2("STRING_CASE", PLAIN, text=str.lower)
    v2("STRING_HASHED", PLAIN256, text=sha256)


def tc3(expected, call, authorization=None, others=(), **sent):
    n = sum(1 for line in LINES if line["mistake"] == expected and line["id"].startswith("tc3"))
    header = authorization or call.authorization()
    LINES.append((call.but(**sent) if sent else call).line(
        "tc3-%s-%d" % (expected.lower().replace("_", "-"), n + 1), header, mistake=expected, others=list(others)))


def signed(call, text=None, key=None, **header):
    return call.authorization(call.sign(text, key), **header)


JSON = Tc3()
GET = Tc3(method="GET", body="", query="Filters.0.Name=zone&Filters.0.Values.0=a%20b%2Fc&Limit=1", content_type="application/x-www-form-urlencoded")
ACTION = Tc3(signed=["content-type", "host", "x-tc-action"], content_type="application/json", body='{"Limit":1,"Name":"你好"}')


def tc3_headers():
    tc3("SIGNATURE_BASE64", JSON, JSON.authorization(b64(bytes.fromhex(JSON.sign()))))
    tc3("SIGNATURE_BASE64", GET, GET.authorization(b64(bytes.fromhex(GET.sign()))))
    tc3("SIGNATURE_UPPER_CASE", JSON, JSON.authorization(JSON.sign().upper()))
    tc3("SIGNATURE_UPPER_CASE", ACTION, ACTION.authorization(ACTION.sign().upper()))
    tc3("AUTHORIZATION_MALFORMED", JSON, JSON.authorization().replace(", ", " "))
    tc3("AUTHORIZATION_MALFORMED", JSON, JSON.authorization().replace("/tc3_request", ""))
    tc3("AUTHORIZATION_MALFORMED", JSON, "TC3-HMAC-SHA256 " + JSON.sign())
    tc3("HEADER_NAMES_UPPER_CASE", JSON, JSON.authorization(signed="Content-Type;Host"))
    tc3("HEADER_NAMES_UPPER_CASE", JSON, signed(JSON, JSON.string(JSON.canonical(lines=[("Content-Type", JSON.content_type), ("Host", JSON.host)]))))
    tc3("HEADER_NAMES_UPPER_CASE", JSON, signed(JSON, JSON.string(JSON.canonical(
        lines=[("Content-Type", JSON.content_type), ("Host", JSON.host)], signed="Content-Type;Host")), signed="Content-Type;Host"))
    local = "2019-02-26"
    tc3("SCOPE_DATE_LOCAL", JSON, signed(JSON, JSON.string(scope=local + "/cvm/tc3_request"), JSON.key(date=local), scope=local + "/cvm/tc3_request"))
    late = Tc3(stamp=1551139200)
    early = date_of(late.stamp - 86400) + "/cvm/tc3_request"
    tc3("SCOPE_DATE_LOCAL", late, signed(late, late.string(scope=early), late.key(date=early[:10]), scope=early))
    tc3("SCOPE_DATE_DIFFERS", JSON, signed(JSON, key=JSON.key(date=local)))
    tc3("SCOPE_DATE_DIFFERS", JSON, signed(JSON, JSON.string(scope=local + "/cvm/tc3_request"), JSON.key(date=local)))
    tc3("SERVICE_DIFFERS", JSON, signed(JSON, key=JSON.key(service="cbs")))
    tc3("SERVICE_DIFFERS", JSON, signed(JSON, JSON.string(scope=JSON.scope().replace("cvm", "CVM"))))
    tc3("SERVICE_DIFFERS", GET.but(host="vpc.tencentcloudapi.com"), GET.but(host="vpc.tencentcloudapi.com").authorization(
        GET.but(host="vpc.tencentcloudapi.com", service="vpc").sign()))


def tc3_keys():
    for call in (JSON, GET):
        tc3("SECRET_WITH_WHITE_SPACE", call, signed(call, key=key_tc3(SECRET_KEY + "\n", date_of(call.stamp), "cvm")))
        tc3("OTHER_KEY_OF_THE_ACCOUNT", call, signed(call, key=key_tc3(OTHER_KEY, date_of(call.stamp), "cvm")), [OTHER_KEY])
        tc3("SECRET_DIFFERS", call, signed(call, key=key_tc3("x" + OTHER_KEY, date_of(call.stamp), "cvm")))
        tc3("KEY_OF_OTHER_SCHEME", call, signed(call, key=call.key(prefix="")))
        tc3("KEY_OF_OTHER_SCHEME", call, signed(call, key=SECRET_KEY))
        tc3("KEY_STEPS_ENCODED", call, signed(call, key=call.key(through=bytes.hex)))
    tc3("SECRET_ID_AS_KEY", JSON, signed(JSON, key=key_tc3(SECRET_ID, "2019-02-25", "cvm")))
    tc3("SECRET_IN_QUOTES", JSON, signed(JSON, key=key_tc3("'" + SECRET_KEY + "'", "2019-02-25", "cvm")))
    tc3("KEY_OF_OTHER_SCHEME", JSON, signed(JSON, key=JSON.key(prefix="AWS4")))
    tc3("KEY_STEPS_DIFFER", JSON, signed(JSON, key=JSON.key(steps=["2019-02-25", "cvm"])))
    tc3("KEY_STEPS_DIFFER", JSON, signed(JSON, key=JSON.key(steps=["cvm", "2019-02-25", "tc3_request"])))


def tc3_canonicals():
    for call in (JSON, ACTION):
        tc3("METHOD_DIFFERS", call, signed(call, call.string(call.canonical(method="GET"))))
        tc3("HEADER_ORDER", call, signed(call, call.string(call.canonical(lines=list(reversed(call.lines()))))))
        tc3("NEWLINE_MISSING", call, signed(call, call.string(call.canonical(blank=""))))
        tc3("NEWLINE_MISSING", call, signed(call, call.string(call.canonical() + "\n")))
        tc3("HEADER_SPACE", call, signed(call, call.string(call.canonical(colon=": "))))
        tc3("BODY_NOT_SIGNED", call, signed(call, call.string(call.canonical(payload=sha256("")))))
        tc3("BODY_NOT_SIGNED", call, signed(call, call.string(call.canonical(payload=sha256("{}")))))
        tc3("BODY_HASH_WRONG", call, signed(call, call.string(call.canonical(payload=sha256(call.body).upper()))))
    tc3("METHOD_DIFFERS", GET, signed(GET, GET.string(GET.canonical(method="get"))))
    tc3("PATH_DIFFERS", JSON, signed(JSON, JSON.string(JSON.canonical(path=""))))
    tc3("PATH_DIFFERS", GET, signed(GET, GET.string(GET.canonical(path="/v2/index.php"))))
    tc3("QUERY_DIFFERS", GET, signed(GET, GET.string(GET.canonical(query=""))))
    tc3("QUERY_DIFFERS", GET, signed(GET, GET.string(GET.canonical(query=GET.query.replace("%20", "+")))))
    tc3("QUERY_DIFFERS", GET, signed(GET, GET.string(GET.canonical(query=GET.query.replace("%20", " ").replace("%2F", "/")))))
    for host, signed_host, name in (("127.0.0.1:18080", "cvm.tencentcloudapi.com", "HOST_DIFFERS"),
                                    ("cvm.tencentcloudapi.com", "cvm.tencentcloudapi.com:443", "HOST_PORT"),
                                    ("cvm.tencentcloudapi.com", "https://cvm.tencentcloudapi.com", "HOST_WITH_SCHEME")):
        call = JSON.but(host=host)
        tc3(name, call, call.authorization(JSON.but(host=signed_host).sign()))
    tc3("HEADER_CHANGED", JSON, sent_type("application/json"))
    tc3("HEADER_CHANGED", JSON.but(content_type="application/json"), JSON.authorization())
    tc3("HEADER_NOT_IN_CANONICAL", ACTION, signed(ACTION, ACTION.string(ACTION.canonical(lines=ACTION.lines()[:2]))))
    tc3("HEADERS_NOT_LISTED", ACTION, ACTION.authorization(ACTION.but(signed=["content-type", "host"]).sign()))
    tc3("HEADERS_NOT_LISTED", JSON, JSON.authorization(JSON.but(signed=["content-type", "host", "x-tc-action"]).sign()))
    tc3("SIGNED_HEADER_MISSING", JSON, signed(JSON, JSON.string(JSON.canonical(
        lines=JSON.lines() + [("x-tc-canary", "on")], signed="content-type;host;x-tc-canary")), signed="content-type;host;x-tc-canary"))
    tc3("UNSIGNED_PAYLOAD_NOT_SAID", JSON, signed(JSON, JSON.string(JSON.canonical(payload=sha256("UNSIGNED-PAYLOAD")))))


def sent_type(other):
    return JSON.but(content_type=other).authorization()


def tc3_bodies():
    document = {"Limit": 1, "Filters": [{"Name": "instance-name", "Values": ["未命名", "a/b"]}], "Offset": 0}
    compact = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    spaced = json.dumps(document, ensure_ascii=False)
    rows = [(compact, spaced), (spaced, compact), (json.dumps(document), spaced), (compact, json.dumps(document)),
            (json.dumps(document, sort_keys=True), json.dumps(document)), (json.dumps(document, indent=2), json.dumps(document)),
            (json.dumps(document, indent=4, ensure_ascii=False), compact), (compact, compact + "\n"),
            (json.dumps(document, separators=(",", ":")).replace("/", "\\/"), compact)]
    for ours, theirs in rows:
        call = JSON.but(body=ours)
        tc3("BODY_RESERIALISED", JSON.but(body=theirs), call.authorization())


def tc3_strings():
    for call in (JSON, GET):
        tc3("STRING_WITH_NEWLINE", call, signed(call, call.string() + "\n"))
        tc3("CANONICAL_NOT_HASHED", call, signed(call, call.string(hash_=lambda text: text)))
        tc3("NEWLINE_LITERAL", call, signed(call, call.string(call.canonical().replace("\n", "\\n")).replace("\n", "\\n")))
        tc3("TIMESTAMP_CHANGED", call, signed(call, call.string(stamp=call.stamp - 2)))
        tc3("STRING_LINE_DIFFERS", call, signed(call, "\n".join(call.string().split("\n")[1:])))
    tc3("NEWLINE_LITERAL", JSON, signed(JSON, JSON.string(JSON.canonical().replace("\n", "\r\n"))))
    tc3("CANONICAL_NOT_HASHED", JSON, signed(JSON, JSON.string(hash_=lambda text: sha256(text).upper())))
    tc3("TIMESTAMP_CHANGED", JSON, signed(JSON, JSON.string(stamp=str(JSON.stamp) + "000")))
    tc3("STRING_LINE_DIFFERS", JSON, signed(JSON, JSON.string(scope="2019-02-25/cvm")))
    tc3("STRING_LINE_DIFFERS", JSON, signed(JSON, JSON.string(scope=SECRET_ID + "/" + JSON.scope())))


for make in (v2_spellings, v2_keys, v2_beginnings, v2_values, v2_orders, v2_lists, v2_wholes, tc3_headers, tc3_keys, tc3_canonicals,
             tc3_bodies, tc3_strings):
    make()
here = os.path.dirname(os.path.abspath(__file__))
write(os.path.join(here, "mistakes.jsonl"), LINES)
print(len(LINES), "requests,", len({line["mistake"] for line in LINES}), "mistakes")
