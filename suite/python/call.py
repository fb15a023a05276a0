"""Drives the official Python SDK, unmodified: one JSON request a line in, one JSON answer a line out.

Request: secretId, secretKey, module, action, params; optional: method, signatureMethod, config (more of the SDK's own
configuration), op ("call", or "url": the signed URL of a GET, not sent).
"""
import json
import sys

from QcloudApi.qcloudapi import QcloudApi


def answer(request):
    config = {
        "Region": "ap-guangzhou",
        "secretId": request["secretId"],
        "secretKey": request["secretKey"],
        "method": request.get("method", "GET"),
        "SignatureMethod": request.get("signatureMethod", "HmacSHA256"),
    }
    config.update(request.get("config", {}))
    api = QcloudApi(request["module"], config)
    if request.get("op") == "url":
        return {"url": api.generateUrl(request["action"], request["params"])}
    return json.loads(api.call(request["action"], request["params"]))


for line in sys.stdin:
    try:
        said = answer(json.loads(line))
    except Exception as error:  # The driver tells it; the test decides.
        said = {"exception": "%s: %s" % (type(error).__name__, error)}
    print(json.dumps(said), flush=True)
