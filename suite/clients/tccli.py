import os
import subprocess

from steps import *

PROGRAM = os.path.join(os.path.dirname(sys.executable), "tccli")


class Printed(Exception):
    """What stood on standard error."""

    @property
    def code(self):
        return str(self).split("code:")[-1].split(" message:")[0]


def call(who, action, params):
    secret_id, secret_key = account(who)
    options = [part for name, value in params.items() for part in ("--" + name, value if isinstance(value, str) else json.dumps(value))]
    environment = dict(os.environ, TENCENTCLOUD_SECRET_ID=secret_id, TENCENTCLOUD_SECRET_KEY=secret_key, TENCENTCLOUD_REGION="ap-guangzhou")
    done = subprocess.run([PROGRAM, "cvm", action, *options, "--endpoint", "http://" + WORLD["http"]], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise Printed("exit %d, %s" % (done.returncode, done.stderr.strip()))
    return json.loads(done.stdout)


BUY = {"Placement": {"Zone": "gz-1"}, "InstanceType": "S1.SMALL1", "ImageId": "img-debian-12", "InstanceCount": 2,
       "InstanceChargePrepaid": {"Period": 1}}

rows = Rows(call, api3_code)
rows.row("read", "demo", "DescribeZones", {})
ids = rows.row("purchase", "demo", "RunInstances", BUY).get("InstanceIdSet", [])
rows.row("arrays", "demo", "StopInstances", {"InstanceIds": ids})
rows.row("4000", "demo", "DescribeInstances", {"Limit": 0})
rows.row("4100", "wrong", "DescribeZones", {})
rows.row("4300", "suspended", "DescribeZones", {})
rows.row("5300", "poor", "RunInstances", BUY)
rows.row("5400", "demo", "StartInstances", {"InstanceIds": [*ids[:1], FOREIGN]})
rows.row("6100", "demo", "TerminateInstances", {"InstanceIds": ids})
report(rows.rows)
