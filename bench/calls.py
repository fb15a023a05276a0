"""Signed calls, as whole requests, each used once; and the files that the load reads them from.

A file has each request after its length in six digits: bodies may hold anything, and reading is two reads.
"""
import base64
import functools
import hashlib
import hmac
import http.client
import itertools
import json
import socket
import time

from bench.places import HOST

# Counts on from the time: no run repeats a Nonce of the one before.
NONCES = itertools.count(int(time.time() * 1000) * 1000)
FREE = (("limit", "20"), ("offset", "0"), ("status", "RUNNING"))
SHA = {"HmacSHA1": "sha1", "HmacSHA256": "sha256"}


@functools.lru_cache(maxsize=20_000)
def joined(key_id, action, parameters, sha):
    """The sorted pairs, with a place for the Nonce and, behind it in any order of names, one for the Timestamp."""
    return "&".join("%s=%s" % pair for pair in sorted([
        ("Action", action), ("Nonce", "%s"), ("Region", "gz"), ("SecretId", key_id), ("SignatureMethod", sha),
        ("Timestamp", "%s"), *parameters]))


def v2_pairs(key, action, parameters=FREE, method="GET", sha="HmacSHA1", stamp=None, nonce=None):
    """The pairs of a v2 call and its signature: sorted, joined, one HMAC, base64."""
    pairs = joined(key[0], action, parameters, sha) % (
        next(NONCES) if nonce is None else nonce, int(time.time() if stamp is None else stamp))
    text = "%s%s/v2/index.php?%s" % (method, HOST, pairs)
    tag = base64.b64encode(hmac.digest(key[1].encode(), text.encode(), SHA[sha])).decode()
    # The values here need no escapes; the signature does.
    return pairs + "&Signature=" + tag.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def v2_get(key, action, parameters=FREE, close=False, **more):
    ending = "Connection: close\r\n\r\n" if close else "\r\n"
    pairs = v2_pairs(key, action, parameters, **more)
    return ("GET /v2/index.php?%s HTTP/1.1\r\nHost: %s\r\n%s" % (pairs, HOST, ending)).encode()


def v2_post(key, action, parameters=FREE, **more):
    pairs = v2_pairs(key, action, parameters, method="POST", **more)
    return (
        "POST /v2/index.php HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: %d\r\n\r\n%s" % (HOST, len(pairs), pairs)).encode()


class Tc3:
    """TC3-HMAC-SHA256: the derived key is made once a day and key, as SDKs do."""

    def __init__(self, key):
        self.id, self.secret = key
        self.day, self.signing = None, b""

    def post(self, action, body):
        now = int(time.time())
        day = time.strftime("%Y-%m-%d", time.gmtime(now))
        if day != self.day:
            derived = hmac.digest(("TC3" + self.secret).encode(), day.encode(), "sha256")
            derived = hmac.digest(derived, b"cvm", "sha256")
            self.day, self.signing = day, hmac.digest(derived, b"tc3_request", "sha256")
        body = body.encode()
        canonical = "POST\n/\n\ncontent-type:application/json\nhost:%s\n\ncontent-type;host\n%s" % (
            HOST, hashlib.sha256(body).hexdigest())
        scope = "%s/cvm/tc3_request" % day
        text = "TC3-HMAC-SHA256\n%d\n%s\n%s" % (now, scope, hashlib.sha256(canonical.encode()).hexdigest())
        tag = hmac.new(self.signing, text.encode(), hashlib.sha256).hexdigest()
        head = (
            "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-TC-Action: %s\r\nX-TC-Version: 2017-03-12\r\n"
            "X-TC-Timestamp: %d\r\nX-TC-Region: gz\r\nAuthorization: TC3-HMAC-SHA256 Credential=%s/%s, "
            "SignedHeaders=content-type;host, Signature=%s\r\nContent-Length: %d\r\n\r\n"
            % (HOST, action, now, self.id, scope, tag, len(body)))
        return head.encode() + body


def tc3_1k(key):
    """Bodies of 1 KiB, each another one: this dialect has no Nonce, and the same body is the same call."""
    signer = Tc3(key)
    while True:
        body = {"limit": 20, "offset": 0, "status": "RUNNING", "note": "", "number": str(next(NONCES))}
        body["note"] = "x" * (1024 - len(json.dumps(body)))
        yield signer.post("NoteInstances", json.dumps(body))


def write(path, requests, n):
    with open(path, "wb", buffering=1 << 20) as out:
        for request in itertools.islice(requests, n):
            out.write(b"%06d" % len(request))
            out.write(request)


def ask(port, request, tls=None, timeout=10):
    """Sends one request as it is: the status, the body."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as stream:
        stream = tls.wrap_socket(stream, server_hostname=HOST) if tls else stream
        stream.sendall(request)
        response = http.client.HTTPResponse(stream)
        response.begin()
        body = response.read()
        stream.close()
        return response.status, body
