from QcloudApi.qcloudapi import QcloudApi

from steps import *


def caller(method, algorithm, **more):
    def call(who, action, params):
        secret_id, secret_key = account(who)
        config = {"Region": "ap-guangzhou", "secretId": secret_id, "secretKey": secret_key, "method": method,
                  "SignatureMethod": algorithm}
        return json.loads(QcloudApi("cvm", config).call(action, dict(params, **more)))
    return call


rows = Rows(caller("GET", "HmacSHA256"), v2_code)
rows.all(ORDER, lower, lambda answer: answer.get("instanceIds", []))
post = Rows(caller("POST", "HmacSHA1"), v2_code)
post.row("read by POST and HmacSHA1", "demo", "DescribeZones", {})
post.row("unicode by POST", "demo", "CreateProject", {"projectName": NAME})
version = Rows(caller("POST", "HmacSHA256", Version="2017-03-12"), api3_code)
version.row("read with Version", "demo", "DescribeZones", {})
report(rows.rows + post.rows + version.rows)
