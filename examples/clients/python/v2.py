"""Calls API 2.0 with signature v2 (HmacSHA256): Python's standard library alone.

FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
"""
import base64, hashlib, hmac, os, secrets, time, urllib.parse, urllib.request

endpoint = os.environ.get("FAREGATE_ENDPOINT", "https://cvm.api.qcloud.com")
host, path = urllib.parse.urlsplit(endpoint).netloc, "/v2/index.php"
parameters = {
    "Action": "DescribeInstances",
    "limit": "5",  # the action's own parameters: text, lists as name.0, name.1
    "SecretId": os.environ["FAREGATE_SECRET_ID"],
    "Timestamp": str(int(time.time())),
    "Nonce": str(secrets.randbits(63)),
    "SignatureMethod": "HmacSHA256",
}

# Names sorted byte by byte, `_` as `.`; values raw. Method, host and path stand in front with nothing between them.
named = sorted((name.replace("_", "."), value) for name, value in parameters.items())
string_to_sign = "POST" + host + path + "?" + "&".join(name + "=" + value for name, value in named)
key = os.environ["FAREGATE_SECRET_KEY"].encode()
tag = hmac.new(key, string_to_sign.encode(), hashlib.sha256).digest()
parameters["Signature"] = base64.b64encode(tag).decode()

# Only now is anything percent-encoded.
body = urllib.parse.urlencode(parameters).encode()
with urllib.request.urlopen(urllib.request.Request(endpoint + path, body)) as answer:
    print(answer.read().decode())
