import os
import subprocess

from steps import *

HOME = os.environ["HOME"]
PROGRAM = os.path.join(os.path.dirname(sys.executable), "qcloudcli")


def call(who, action, params, module="cvm"):
    secret_id, secret_key = account(who)
    os.makedirs(HOME + "/.qcloudcli", exist_ok=True)
    with open(HOME + "/.qcloudcli/configure", "w") as file:
        file.write("[default]\nregion = gz\noutput = json\n")
    with open(HOME + "/.qcloudcli/credentials", "w") as file:
        file.write("[default]\nqcloud_secretid = %s\nqcloud_secretkey = %s\n" % (secret_id, secret_key))
    options = [part for name, value in params.items() for part in ("--" + name, value if isinstance(value, str) else json.dumps(value))]
    done = subprocess.run([PROGRAM, module, action, *options], capture_output=True, text=True)
    return json.loads(done.stdout)


rows = Rows(call, v2_code)
rows.row("read", "other", "DescribeInstances", {"limit": 5})
rows.row("purchase", "other", "RenewInstance", {"instanceId": FOREIGN, "period": 1})
rows.row("arrays", "other", "RestartInstances", {"instanceIds": [FOREIGN]})
rows.row("4000", "other", "DescribeInstances", {"limit": 0})
rows.row("4100", "wrong", "DescribeInstances", {"limit": 1})
rows.row("4300", "suspended", "DescribeInstances", {"limit": 1})
rows.row("5400", "other", "RestartInstances", {"instanceIds": [FOREIGN, "ins-00000000"]})
rows.call = lambda who, action, params: call(who, action, params, module="cbs")
rows.row("6100", "other", "DescribeCbsStorages", {})
report(rows.rows)
