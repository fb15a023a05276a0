"""Calls API 3.0 with TC3-HMAC-SHA256: Python's standard library alone.

FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
"""
import hashlib, hmac, json, os, time, urllib.parse, urllib.request

endpoint = os.environ.get("FAREGATE_ENDPOINT", "https://cvm.api.qcloud.com")
host, service, action = urllib.parse.urlsplit(endpoint).netloc, "cvm", "DescribeInstances"
body = json.dumps({"limit": 5}).encode()  # serialised once: these bytes are signed and sent
timestamp = int(time.time())
date = time.strftime("%Y-%m-%d", time.gmtime(timestamp))  # in UTC


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


signed = "content-type;host;x-tc-action"
headers = f"content-type:application/json\nhost:{host.lower()}\nx-tc-action:{action.lower()}\n"
canonical = f"POST\n/\n\n{headers}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
scope = f"{date}/{service}/tc3_request"
digest = hashlib.sha256(canonical.encode()).hexdigest()
string_to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"
key = mac(mac(mac(b"TC3" + os.environ["FAREGATE_SECRET_KEY"].encode(), date), service), "tc3_request")
credential = os.environ["FAREGATE_SECRET_ID"] + "/" + scope
signature = mac(key, string_to_sign).hex()
request = urllib.request.Request(endpoint + "/", body, {
    "Authorization": f"TC3-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}",
    "Content-Type": "application/json", "Host": host,
    "X-TC-Action": action, "X-TC-Version": "2017-03-12", "X-TC-Timestamp": str(timestamp),
})
with urllib.request.urlopen(request) as answer:
    print(answer.read().decode())
