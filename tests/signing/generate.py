#!/usr/bin/env python3
"""Writes the suite: cases/<scheme>.jsonl and hmac.jsonl. Python's standard library only, the same bytes every time.

Every expectation is computed here, by signer.py, or written down by hand; nothing comes from the product."""

import base64
import hashlib
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from signer import SECRET_KEY, SECRET_ID, Tc3, b64, date_of, dotted, encode, escape, key_tc3, line_v2, mac, string_v2, utf8, write

CASES = {"v2-sha1": [], "v2-sha256": [], "v1-sha1": [], "v1-sha256": [], "tc3": []}
PATHS = {"v2": ("cvm.api.qcloud.com", "/v2/index.php"), "v1": ("cvm.tencentcloudapi.com", "/")}


def add(scheme, line, verdict, **facts):
    """One case. `line` is the request; facts are what must be found out about it."""
    sign = "+" if verdict == "pass" else "-"
    n = sum(1 for case in CASES[scheme] if case["verdict"] == verdict) + 1
    line.pop("mistake", None)
    CASES[scheme].append({**line, "id": "%s%s%03d" % (scheme, sign, n), "scheme": scheme, "verdict": verdict, **facts})


# ------------------------------------------------------------------------------------------------------- v2 and v1

def common(scheme, action):
    pairs = [("Action", action), ("Nonce", "11886"), ("Region", "ap-guangzhou"), ("SecretId", SECRET_ID), ("Timestamp", "1528934400")]
    if scheme.startswith("v1"):
        pairs.append(("Version", "2017-03-12"))
    if scheme.endswith("sha256"):
        pairs.append(("SignatureMethod", "HmacSHA256"))
    return pairs


SETS = [
    ("no parameters of its own", []),
    ("numbers", [("limit", "20"), ("offset", "0")]),
    ("a list", [("instanceIds.0", "ins-09dx96dg"), ("instanceIds.1", "ins-1")]),
    ("twelve of a list: 10 stands before 2", [("ids.%d" % n, "x%d" % n) for n in range(12)]),
    ("nested names", [("Filters.0.Name", "zone"), ("Filters.0.Values.0", "a"), ("Filters.1.Name", "id")]),
    ("upper case before lower case", [("Zone", "1"), ("zone", "2"), ("aZ", "3"), ("az", "4")]),
    ("a name that begins another", [("a", "1"), ("a.b", "2"), ("a1", "3"), ("ab", "4")]),
    ("an empty value", [("searchWord", ""), ("limit", "1")]),
    ("a value with what a form escapes", [("name", "a b+c&d=e%f?g#h/i:j;k,l")]),
    ("a value that looks escaped", [("name", "100%25 %E4%BD%A0")]),
    ("tilde, star, quotes", [("name", "~*'()!\"\\")]),
    ("Chinese", [("instanceName", "未命名"), ("描述", "你好")]),
    ("beyond the plane", [("name", "\U0001f600"), ("\U0001f600", "1"), ("\uffff", "2")]),
    ("composed and decomposed", [("a", "é"), ("b", "e\u0301")]),
    ("line feeds and tabs", [("userData", "#!/bin/sh\r\n\techo 1\n")]),
    ("a long value", [("userData", "0123456789" * 100)]),
    ("underscores that sort alike", [("a_b", "1"), ("c", "2")]),
    ("a token", [("Token", "tok+en/with=special")]),
    ("who calls", [("RequestClient", "SDK_PYTHON_2.0.15")]),
    ("false, true, null as text", [("a", "False"), ("b", "true"), ("c", "null"), ("d", "0")]),
]


def algorithm(scheme):
    return hashlib.sha256 if scheme.endswith("sha256") else hashlib.sha1


def signature(scheme, text, secret=SECRET_KEY):
    return b64(mac(secret, text, algorithm(scheme)))


def v2_case(scheme, what, pairs, method, host=None, path=None, verdict="pass", text=None, sent=None, tag=None, reason=None,
            profile="canonical", **how):
    own_host, own_path = PATHS[scheme[:2]]
    host, path = host or own_host, path or own_path
    canonical = string_v2(pairs, method, host.lower(), path)
    text = text or canonical
    line = line_v2("", sent if sent is not None else pairs, tag if tag is not None else signature(scheme, text), method, host, path, **how)
    facts = {"what": what, "string_to_sign": canonical, "signature": signature(scheme, canonical)}
    if verdict == "pass":
        facts["profile"] = profile
    else:
        facts["reason"] = reason
    add(scheme, line, verdict, **facts)


def positives(scheme):
    for idx, (what, own) in enumerate(SETS):
        pairs = common(scheme, "DescribeInstances") + own
        methods = ("GET", "POST") if scheme == "v2-sha1" else (("GET", "POST")[idx % 2],)
        for method in methods:
            v2_case(scheme, what, pairs, method)
    pairs = common(scheme, "CreateDisk") + [("disk_size", "50"), ("diskName", "data")]
    host, path = PATHS[scheme[:2]]
    by_name = lambda named: named
    v2_case(scheme, "sorted before _ becomes .", pairs, "POST", profile="sort-then-replace",
            text=string_v2(sorted(pairs), "POST", host, path, order=by_name))
    v2_case(scheme, "_ kept", pairs, "GET", profile="no-replace",
            text=string_v2(sorted(pairs), "GET", host, path, names=lambda n: n, order=by_name))
    leading = common(scheme, "X") + [("_a", "1"), ("b_c", "2"), ("B", "3")]
    v2_case(scheme, "a leading _ kept", leading, "GET", profile="sort-then-replace,leading-underscore-kept",
            text=string_v2(sorted(leading), "GET", host, path, names=lambda n: n if n.startswith("_") else dotted(n), order=by_name))
    at = common(scheme, "UploadKey") + [("key", "@file"), ("name", "k")]
    v2_case(scheme, "an @ value signed", at, "POST")
    v2_case(scheme, "an @ value left out of a POST", at, "POST", profile="canonical at-values-unsigned",
            text=string_v2([p for p in at if p[0] != "key"], "POST", host, path), )
    v2_case(scheme, "the port is signed", common(scheme, "X"), "GET", host="127.0.0.1:18443")
    v2_case(scheme, "the port is sent and not signed", common(scheme, "X"), "POST", host="127.0.0.1:18443",
            profile="canonical host-without-port", text=string_v2(common(scheme, "X"), "POST", "127.0.0.1", path))
    v2_case(scheme, "an IPv6 host", common(scheme, "X"), "GET", host="[::1]:8443")
    v2_case(scheme, "the host in upper case, signed in lower", common(scheme, "X"), "GET", host=host.upper())
    v2_case(scheme, "the host signed in its own case", common(scheme, "X"), "GET", host=host.title(),
            profile="canonical host-case-kept", text=string_v2(common(scheme, "X"), "GET", host.title(), path))
    spaced = common(scheme, "X") + [("name", "a b~*")]
    v2_case(scheme, "a space sent as +", spaced, "POST", form=lambda p: encode(p).replace("%20", "+"))
    v2_case(scheme, "everything escaped in lower case", spaced, "GET",
            form=lambda p: "&".join(n + "=" + "".join("%%%02x" % byte for byte in v.encode()) for n, v in p))
    v2_case(scheme, "empty parts between &", spaced, "GET", form=lambda p: "&" + encode(p).replace("&", "&&") + "&")
    v2_case(scheme, "a POST without Content-Type", spaced, "POST", headers=[])
    multipart(scheme, spaced)


def multipart(scheme, pairs):
    host, path = PATHS[scheme[:2]]
    boundary = "AbCdEf0123"
    tag = signature(scheme, string_v2(pairs, "POST", host, path))
    parts = [(name, "", value) for name, value in pairs + [("Signature", tag)]]
    parts.append(("entityFile", '; filename="x.bin"', "not signed"))
    for what, lead in (("multipart, a file beside it", ""), ("multipart that begins with an empty line", "\r\n")):
        body = lead + "".join('--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % ((boundary,) + part) for part in parts)
        line = line_v2("", pairs, tag, "POST", host, path, encoded=body + "--" + boundary + "--\r\n",
                       headers=[["Content-Type", "multipart/form-data; boundary=" + boundary]])
        add(scheme, line, "pass", what=what, string_to_sign=string_v2(pairs, "POST", host, path), signature=tag, profile="canonical")


def flipped(tag, at):
    raw = bytearray(base64.b64decode(tag))
    raw[at] ^= 1
    return b64(bytes(raw))


def negatives(scheme):
    host, path = PATHS[scheme[:2]]
    pairs = common(scheme, "RunInstances") + [("imageId", "img-1"), ("instanceName", "web 1"), ("zoneId", "100001")]
    tag = signature(scheme, string_v2(pairs, "POST", host, path))
    bad = lambda what, reason="tag", **how: v2_case(scheme, what, pairs, how.pop("method", "POST"), verdict="fail", reason=reason,
                                                    **{"tag": tag, **how})
    for name, value in pairs:
        bad(name + " changed", sent=[(n, v + "1" if n == name else v) for n, v in pairs])
        bad(name + " removed", sent=[p for p in pairs if p[0] != name])
    bad("a parameter added", sent=pairs + [("dryRun", "false")])
    bad("an empty parameter added, which some clients do not sign", "uncovered", sent=pairs + [("x", "")])
    bad("a value moved to another name", sent=[(n, dict(pairs)[{"imageId": "zoneId", "zoneId": "imageId"}.get(n, n)]) for n, v in pairs])
    bad("the method changed", method="GET")
    bad("the host changed", host="cdb" + host[3:])
    bad("a port added", host=host + ".:443")
    bad("the path changed", path=path + "/")
    bad("another path", path={"/": "/v2/index.php"}.get(path, "/"))
    for at in (0, 10, 19):
        bad("a bit of byte %d of the tag" % at, tag=flipped(tag, at))
    bad("a tag of zeros", tag=b64(bytes(32 if scheme.endswith("256") else 20)))
    bad("another key's tag", tag=signature(scheme, string_v2(pairs, "POST", host, path), "another"))
    bad("a tag of the empty key", tag=signature(scheme, string_v2(pairs, "POST", host, path), ""))
    other = "v2-sha1" if scheme.endswith("256") else "v2-sha256"
    bad("the other algorithm's tag", tag=signature(other, string_v2(pairs, "POST", host, path)))
    for what, spelled in (("no padding", tag.rstrip("=")), ("a space after it", tag + " "), ("a line feed after it", tag + "\n"),
                          ("hexadecimal", base64.b64decode(tag).hex()), ("empty", ""), ("cut", tag[:-4]), ("twice", tag + tag),
                          ("trailing bits", tag[:-2] + chr(ord(tag[-2]) + 1) + "="), ("quoted", '"' + tag + '"'),
                          ("base64 of its hexadecimal", b64(base64.b64decode(tag).hex())), ("a NUL in it", tag[:5] + "\0" + tag[5:])):
        reason = "form" if what == "a NUL in it" else "signature-spelling"
        bad("the tag spelled: " + what, reason, tag=spelled)
    bad("no Signature", "signature-missing", encoded=encode(pairs))
    bad("two Signatures", "twins", encoded=encode(pairs + [("Signature", tag), ("Signature", tag)]))
    bad("a name twice", "twins", sent=pairs + [("zoneId", "100001")])
    bad("a name twice, other values", "twins", sent=[("zoneId", "1")] + pairs)
    bad("a_b beside a.b", "twins", sent=pairs + [("a_b", "1"), ("a.b", "1")])
    for what, raw in (("an escape cut short", "&x=%4"), ("an escape of no digits", "&x=%zz"), ("Latin-1", "&x=%E9"), ("a NUL", "&x=%00"),
                      ("an overlong slash", "&x=%C0%AF"), ("a surrogate", "&x=%ED%A0%80"), ("no name", "&=1"), ("a raw control", "&x=\x01")):
        bad("the form: " + what, "form", encoded=encode(pairs + [("Signature", tag)]) + raw)
    for what, text in (("values escaped", string_v2(pairs, "POST", host, path, values=escape)), ("sorted without case", string_v2(
            pairs, "POST", host, path, order=lambda named: sorted(named, key=lambda p: p[0].lower()))), ("a line feed at the end", string_v2(
                pairs, "POST", host, path) + "\n"), ("no question mark", string_v2(pairs, "POST", host, path, gaps=("", "", ""))),
            ("line feeds between", string_v2(pairs, "POST", host, path, gaps=("\n", "\n", "\n"))), ("the method in lower case", string_v2(
                pairs, "post", host, path)), ("no method", string_v2(pairs, "", host, path))):
        bad("signed: " + what, tag=signature(scheme, text))


# ------------------------------------------------------------------------------------------------------------- TC3

JSON = Tc3()
GET = Tc3(method="GET", body="", query="Filters.0.Name=zone&Limit=1", content_type="application/x-www-form-urlencoded")


def tc3_case(what, call, verdict="pass", authorization=None, reason=None, profile="values-lowercased", sent=None, headers=None, **other):
    line = (sent or call).line("", authorization or call.authorization())
    if headers is not None:
        line["headers"] = headers(line["headers"])
    line.update(other)
    facts = {"what": what, "canonical_request": call.canonical(), "string_to_sign": call.string(), "signature": call.sign()}
    facts["profile" if verdict == "pass" else "reason"] = profile if verdict == "pass" else reason
    add("tc3", line, verdict, **facts)


def tc3_positives():
    bodies = [("no body", ""), ("an empty object", "{}"), ("compact JSON", '{"Limit":1,"Name":"未命名"}'), ("spaced JSON", '{"Limit": 1}'),
              ("escapes in JSON", '{"Name": "\\u672a\\u547d\\u540d"}'), ("pretty JSON", '{\n  "Limit": 1\n}\n'), ("a form", "a=1&b=2"),
              ("bytes that are no text", bytes(range(256))), ("a long body", "0123456789" * 200), ("CR LF in it", "a\r\nb\r\n"),
              ("a body that is a canonical request", JSON.canonical()), ("not JSON", "plain text")]
    for what, body in bodies:
        tc3_case(what, JSON.but(body=body))
        tc3_case(what + ", action signed", JSON.but(body=body, signed=["content-type", "host", "x-tc-action"]))
    for kind in ("application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "application/octet-stream",
                 "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=00000000000040008000000000000001"):
        tc3_case("content type " + kind, JSON.but(content_type=kind))
    queries = ["", "Limit=1", "b=2&a=1", "a=1&a.b=2", "n=%E6%9C%AA", "n=a+b", "n=a%20b", "n=%2f", "n=%2F", "n=~*", "n=", "n", "&", "a=1&", "n=a/b?c"]
    for query in queries:
        tc3_case("the query `%s`, as sent" % query, GET.but(query=query))
    for host in ("127.0.0.1:18080", "[::1]:8443", "localhost", "cvm.ap-guangzhou.tencentcloudapi.com", "http://127.0.0.1:18080"):
        tc3_case("host " + host, JSON.but(host=host))
    for stamp in (1, 86399, 86400, 951782400, 951868799, 1551139199, 1551139200, 1709164800, 1735689599, 1735689600, 4102444800):
        tc3_case("the stamp %d, %s" % (stamp, date_of(stamp)), JSON.but(stamp=stamp))
    for service in ("cvm", "127", "CVM", "my-service", "a.b"):
        tc3_case("service " + service, JSON.but(service=service))
    more = ["content-type", "host", "x-tc-action", "x-tc-region", "x-tc-timestamp", "x-tc-version"]
    for n in (3, 4, 5, 6):
        tc3_case("%d headers signed" % n, JSON.but(signed=more[:n]))
    tc3_case("a token, signed", JSON.but(token="tok+en/=", signed=["content-type", "host", "x-tc-token"]))
    tc3_case("a token, not signed", JSON.but(token="tok+en/="))
    tc3_case("no region", JSON.but(region=None))
    unsigned = [("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD")]
    tc3_case("UNSIGNED-PAYLOAD", JSON.but(extra=unsigned))
    tc3_case("UNSIGNED-PAYLOAD, another body", JSON.but(extra=unsigned), sent=JSON.but(extra=unsigned, body="{}"))
    tc3_case("header names in lower case", JSON, headers=lambda sent: [[n.lower(), v] for n, v in sent])
    tc3_case("header names in upper case", JSON, headers=lambda sent: [[n.upper(), v] for n, v in sent])
    tc3_case("white space around a value", JSON, headers=lambda sent: [[n, "  " + v + "\t" if n == "Content-Type" else v] for n, v in sent])
    tc3_case("no space after the commas", JSON, authorization=JSON.authorization().replace(", ", ","))
    tc3_case("headers that are not signed, twice", JSON, headers=lambda sent: sent + [["X-Other", "1"], ["X-Other", "2"]])
    tc3_case("signed headers in another order", JSON.but(signed=["host", "content-type"]))
    mixed = JSON.but(content_type="multipart/form-data; boundary=MiXeD", body="--MiXeD--\r\n")
    as_sent = [("content-type", mixed.content_type), ("host", mixed.host)]
    tc3_case("values as sent", mixed, profile="values-as-sent", authorization=mixed.authorization(mixed.sign(mixed.string(mixed.canonical(lines=as_sent)))))
    action = JSON.but(signed=["content-type", "host", "x-tc-action"])
    as_sent = [(n, action.value(n)) for n in action.signed]
    tc3_case("the action as sent", action, profile="values-as-sent", authorization=action.authorization(action.sign(action.string(action.canonical(lines=as_sent)))))
    local = JSON.but(host="127.0.0.1:18080")
    tc3_case("the port is sent and not signed", local, profile="values-lowercased host-without-port",
             authorization=local.authorization(local.but(host="127.0.0.1").sign()))
    unsorted = GET.but(query="Zone=z&Limit=1")
    tc3_case("the query sorted for signing", unsorted, profile="values-lowercased query-sorted",
             authorization=unsorted.authorization(unsorted.but(query="Limit=1&Zone=z").sign()))


def tc3_negatives():
    action = JSON.but(signed=["content-type", "host", "x-tc-action"])
    bad = lambda what, call=JSON, reason="tag", **how: tc3_case(what, call, "fail", reason=reason, **how)
    for call, name in ((JSON, "POST"), (GET, "GET"), (action, "action signed")):
        own = call.authorization()
        for what, change in (("the method", {"method": "GET" if call.method == "POST" else "POST", "query": ""}), ("the path", {"path": "//"}),
                             ("the path to that of v2", {"path": "/v2/index.php"}), ("the host", {"host": "cbs.tencentcloudapi.com"}),
                             ("a port", {"host": call.host + ".:443"}), ("a blank at the end of the body", {"body": call.body + " "}),
                             ("a line feed at the end of the body", {"body": call.body + "\n"}), ("the content type", {"content_type": "text/html"}),
                             ("the stamp", {"stamp": call.stamp + 1}), ("the stamp back", {"stamp": call.stamp - 1})):
            bad("%s: %s changed" % (name, what), call, authorization=own, sent=call.but(**change))
        for at in range(0, 64, 13):
            tag = call.sign()
            bad("%s: digit %d of the tag" % (name, at), call, authorization=call.authorization(tag[:at] + "%x" % (int(tag[at], 16) ^ 1) + tag[at + 1:]))
        for what, secret in (("another key", "another"), ("the empty key", ""), ("the SecretId", SECRET_ID), ("a line feed", SECRET_KEY + "\n")):
            bad("%s: signed with %s" % (name, what), call, authorization=call.authorization(call.sign(key=key_tc3(secret, date_of(call.stamp), "cvm"))))
        bad("%s: another SecretId" % name, call, "secret-id", authorization=own.replace(SECRET_ID, SECRET_ID[:-1] + "B"))
        for what, stamp in (("a day later", call.stamp + 86400), ("a day before", call.stamp - 86400)):
            bad("%s: the stamp %s" % (name, what), call, "date", authorization=own, sent=call.but(stamp=stamp))
        other = call.authorization(call.sign(call.string(scope="2019-02-26/cvm/tc3_request"), call.key(date="2019-02-26")), scope="2019-02-26/cvm/tc3_request")
        bad("%s: the scope of the next day, wholly signed" % name, call, "date", authorization=other)
        bad("%s: another service in the scope" % name, call, authorization=own.replace("/cvm/", "/cbs/"))
    bad("the signed action changed", action, authorization=action.authorization(), sent=action.but(action="TerminateInstances"))
    for query in ("Limit=2&Filters.0.Name=zone", "Filters.0.Name=zone&Limit=1&x=1", "Filters.0.Name=zone", "Filters.0.Name=zone&Limit=%31", "", "?Filters.0.Name=zone&Limit=1"):
        bad("the query changed to `%s`" % query, GET, authorization=GET.authorization(), sent=GET.but(query=query))
    bad("a query on a POST", JSON, "query-on-post", authorization=JSON.authorization(), sent=JSON.but(query="a=1"))
    bad("a query on a POST, signed", JSON.but(query="a=1"), "query-on-post")
    bad("UNSIGNED-PAYLOAD added", JSON, authorization=JSON.authorization(), sent=JSON.but(extra=[("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD")]))
    bad("UNSIGNED-PAYLOAD taken away", JSON.but(extra=[("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD")]), sent=JSON)
    bad("unsigned-payload in lower case", JSON, authorization=JSON.but(extra=[("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD")]).authorization(),
        sent=JSON.but(extra=[("X-TC-Content-SHA256", "unsigned-payload")]))
    tc3_headers(bad, action)
    tc3_spellings(bad)
    tc3_signed_otherwise(bad, action)


def tc3_headers(bad, action):
    drop = lambda name: lambda sent: [pair for pair in sent if pair[0] != name]
    twice = lambda name, value: lambda sent: sent + [[name, value]]
    bad("no Content-Type", JSON, "header-missing", headers=drop("Content-Type"))
    bad("no X-TC-Action, which is signed", action, "header-missing", headers=drop("X-TC-Action"))
    bad("Content-Type twice", JSON, "header-repeated", headers=twice("content-type", JSON.content_type))
    bad("Content-Type twice, another value", JSON, "header-repeated", headers=twice("content-type", "text/plain"))
    bad("X-TC-Action twice, which is signed", action, "header-repeated", headers=twice("x-tc-action", "TerminateInstances"))
    bad("no X-TC-Timestamp", JSON, "stamp-missing", headers=drop("X-TC-Timestamp"))
    for stamp in ("", "now", "-1", "+1551113065", "1551113065.0", " ", "0x5c741b29", "15511130650000", "１５５１１１３０６５"):
        bad("the stamp `%s`" % stamp, JSON, "stamp", headers=lambda sent, s=stamp: [[n, s if n == "X-TC-Timestamp" else v] for n, v in sent])
    bad("a signed header that was never sent", JSON, "header-missing", authorization=JSON.authorization(signed="content-type;host;x-tc-other"))


def tc3_spellings(bad):
    good, tag = JSON.authorization(), JSON.sign()
    rows = [("another order", "TC3-HMAC-SHA256 SignedHeaders=content-type;host, Credential=%s/%s, Signature=%s" % (SECRET_ID, JSON.scope(), tag))]
    rows += [(what, good.replace(old, new)) for what, old, new in (
        ("blank for comma", ", ", " "), ("semicolons", ", ", "; "), ("two blanks", ", ", ",  "), ("a tab", "SHA256 ", "SHA256\t"),
        ("two blanks after the scheme", "SHA256 ", "SHA256  "), ("names in lower case", "Credential", "credential"),
        ("no terminator", "/tc3_request", ""), ("another terminator", "tc3_request", "aws4_request"), ("no service", "/cvm/", "//"),
        ("no date", "2019-02-25/", ""), ("a date without dashes", "2019-02-25", "20190225"), ("no SecretId", SECRET_ID, ""),
        ("a fifth part of the scope", "/cvm/", "/gz/cvm/"), ("upper case names", "content-type;host", "Content-Type;Host"),
        ("only host", "content-type;host", "host"), ("only content-type", "content-type;host", "content-type"), ("a name twice", "content-type;host", "content-type;host;host"),
        ("an empty name", "content-type;host", "content-type;host;"), ("commas between names", "content-type;host", "content-type,host"),
        ("a blank between names", ";host", "; host"), ("no names", "content-type;host", ""), ("upper case tag", tag, tag.upper()),
        ("a tag cut", tag, tag[:-1]), ("a tag too long", tag, tag + "0"), ("no tag", tag, ""), ("a tag in base64", tag, b64(bytes.fromhex(tag))),
        ("a quoted tag", tag, '"' + tag + '"'), ("a blank after it", tag, tag + " "), ("one part more", tag, tag + ", X=1"),
        ("a tag of SHA-1", tag, tag[:40]), ("equals sign missing", "Signature=", "Signature "))]
    for what, spelled in rows:
        bad("spelled: " + what, JSON, "authorization-spelling", authorization=spelled)


def tc3_signed_otherwise(bad, action):
    put = lambda what, call, text=None, key=None: bad("signed: " + what, call, authorization=call.authorization(call.sign(text, key)))
    for call in (JSON, action):
        put("headers in another order", call, call.string(call.canonical(lines=list(reversed(call.lines())))))
        put("blanks after the colons", call, call.string(call.canonical(colon=": ")))
        put("no empty line", call, call.string(call.canonical(blank="")))
        put("a line feed at the end of the request", call, call.string(call.canonical() + "\n"))
        put("a line feed at the end of the string", call, call.string() + "\n")
        put("the hash of the body in upper case", call, call.string(call.canonical(payload=call.payload().upper())))
        put("an empty path", call, call.string(call.canonical(path="")))
        put("the request itself, not its hash", call, call.string(hash_=lambda text: text))
        put("with the SecretKey itself", call, key=SECRET_KEY)
        put("with a key without TC3", call, key=call.key(prefix=""))
        put("with the key of another cloud", call, key=call.key(prefix="AWS4", steps=[date_of(call.stamp), "cvm", "aws4_request"]))
        put("without the algorithm's line", call, "\n".join(call.string().split("\n")[1:]))
    put("without the action", action, action.string(action.canonical(lines=action.lines()[:2])))
    put("names listed otherwise", action, action.but(signed=["content-type", "host"]).string())


HMAC = [  # RFC 2202 section 3 and RFC 4231 section 4, without the truncated case 5 of the latter.
    ("RFC 2202 1", "sha1", "0b" * 20, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
    ("RFC 2202 2", "sha1", "Jefe".encode().hex(), "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    ("RFC 2202 3", "sha1", "aa" * 20, b"\xdd" * 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
    ("RFC 2202 4", "sha1", bytes(range(1, 26)).hex(), b"\xcd" * 50, "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
    ("RFC 2202 5", "sha1", "0c" * 20, "Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
    ("RFC 2202 6", "sha1", "aa" * 80, "Test Using Larger Than Block-Size Key - Hash Key First", "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
    ("RFC 2202 7", "sha1", "aa" * 80, "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data", "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"),
    ("RFC 4231 1", "sha256", "0b" * 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    ("RFC 4231 2", "sha256", "Jefe".encode().hex(), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    ("RFC 4231 3", "sha256", "aa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    ("RFC 4231 4", "sha256", bytes(range(1, 26)).hex(), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    ("RFC 4231 6", "sha256", "aa" * 131, "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    ("RFC 4231 7", "sha256", "aa" * 131, "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
]


def hmacs():
    for name, algorithm_, key, text, tag in HMAC:
        assert mac(bytes.fromhex(key), text, getattr(hashlib, algorithm_)).hex() == tag, name
        yield {"source": name, "algorithm": algorithm_, "key": key, "text": utf8(text).hex(), "tag": tag}


for scheme in ("v2-sha1", "v2-sha256", "v1-sha1", "v1-sha256"):
    positives(scheme)
    negatives(scheme)
tc3_positives()
tc3_negatives()
os.makedirs(os.path.join(here, "cases"), exist_ok=True)
for scheme, cases in CASES.items():
    write(os.path.join(here, "cases", scheme + ".jsonl"), cases)
    print(scheme, *(sum(1 for case in cases if case["verdict"] == v) for v in ("pass", "fail")))
write(os.path.join(here, "hmac.jsonl"), hmacs())
