from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import cvm_client, models

from steps import *

REAL = {"proxy": "http://" + WORLD["proxy"], "certification": WORLD["ca"]}
DIRECT = {"protocol": "http", "endpoint": WORLD["http"]}


def profile(http, method="POST", sign="TC3-HMAC-SHA256", **more):
    made = ClientProfile(signMethod=sign, httpProfile=HttpProfile(reqMethod=method, **http))
    for name, value in more.items():
        setattr(made, name, value)
    return made


def common(http, *arguments, **more):
    def call(who, action, params):
        client = CommonClient("cvm", "2017-03-12", credential.Credential(*account(who)), "ap-guangzhou",
                              profile=profile(http, *arguments, **more))
        return client.call_json(action, params)
    return call


def typed(http, *arguments):
    def call(who, action, params):
        client = cvm_client.CvmClient(credential.Credential(*account(who)), "ap-guangzhou", profile(http, *arguments))
        request = getattr(models, action + "Request")()
        request.from_json_string(json.dumps(params))
        return json.loads(getattr(client, action)(request).to_json_string())
    return call


def filled(answer):
    """A typed answer without the fields that the module does not have."""
    if isinstance(answer, dict):
        return {name: filled(value) for name, value in answer.items() if value is not None}
    return [filled(item) for item in answer] if isinstance(answer, list) else answer


BUY = {"Placement": {"Zone": "gz-1"}, "InstanceType": "S1.SMALL1", "ImageId": "img-debian-12", "InstanceCount": 2,
       "InstanceChargePrepaid": {"Period": 1}}

rows = Rows(common(REAL), api3_code)
rows.all(ORDER3, upper, lambda answer: answer.get("Response", {}).get("InstanceIdSet", []))
rest = []
for method in ["GET", "POST"]:
    for sign in ["TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"]:
        one = Rows(common(DIRECT, method, sign), api3_code)
        one.row("read by %s and %s, plain http" % (method, sign), "demo", "DescribeZones", {})
        rest += one.rows
by_v1 = Rows(common(REAL, "POST", "HmacSHA256"), api3_code)
by_v1.row("unicode by signature v1", "demo", "CreateProject", {"ProjectName": NAME})
models_of = Rows(typed(REAL), api3_code, sees=lambda answer: show(filled(answer.get("InstanceSet", answer))))
models_of.row("typed purchase", "demo", "RunInstances", BUY)
models_of.row("typed read", "demo", "DescribeInstances", {"Limit": 1})
unsigned = Rows(common(REAL, unsignedPayload=True), api3_code)
unsigned.row("UNSIGNED-PAYLOAD without parameters", "demo", "DescribeZones", {})
unsigned.row("UNSIGNED-PAYLOAD", "demo", "DescribeInstances", {"Limit": 1})
report(rows.rows + rest + by_v1.rows + models_of.rows + unsigned.rows)
