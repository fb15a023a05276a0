import sys

# This file has the package's name: its own folder must not be searched first.
sys.path = [place for place in sys.path[1:]] + sys.path[:1]
import warnings

warnings.simplefilter("ignore")
from qcloudapi3.modules.cvm import Cvm

from steps import *


def caller(method, **more):
    def call(who, action, params):
        secret_id, secret_key = account(who)
        config = {"Region": "gz", "secretId": secret_id, "secretKey": secret_key, "method": method}
        return json.loads(Cvm(config).call(action, flat(params), **more))
    return call


rows = Rows(caller("get"), v2_code)
rows.all(ORDER, lower, lambda answer: answer.get("instanceIds", []))
post = Rows(caller("post"), v2_code)
post.row("unicode by POST", "demo", "CreateProject", {"projectName": NAME})
multipart = Rows(caller("post", files={"entityFile": ("note.txt", b"data")}), v2_code)
multipart.row("multipart with a file", "demo", "CreateProject", {"projectName": NAME})
report(rows.rows + post.rows + multipart.rows)
