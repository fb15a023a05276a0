"""The official Python SDK, unmodified, on one connection that it keeps: one JSON request a line in, one answer a line out.

Request: action, params. The key is in SECRET_ID and SECRET_KEY; ENDPOINT is where it calls.
"""
import json
import os
import sys

from QcloudApi.modules.base import Base

api = Base({
    "Region": "ap-guangzhou",
    "secretId": os.environ["SECRET_ID"],
    "secretKey": os.environ["SECRET_KEY"],
    "method": "POST",
    "SignatureMethod": "HmacSHA256",
    "endpoint": os.environ["ENDPOINT"],
})
api.apiRequest.keep_alive = True

for line in sys.stdin:
    request = json.loads(line)
    try:
        said = json.loads(api.call(request["action"], request["params"]))
    except Exception as error:  # The driver tells it; the test decides.
        said = {"exception": "%s: %s" % (type(error).__name__, error)}
    print(json.dumps(said), flush=True)
