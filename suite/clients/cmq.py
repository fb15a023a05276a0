import sys

# This file has the package's name: its own folder must not be searched first.
sys.path = [place for place in sys.path[1:]] + sys.path[:1]
from cmq.cmq_client import CMQClient

from steps import *


class Quiet:
    def __getattr__(self, name):
        return lambda *arguments, **named: None


def caller(method, algorithm):
    def call(who, action, params):
        client = CMQClient("http://" + WORLD["http"], *account(who), logger=Quiet())
        client.set_method(method)
        client.set_sign_method(algorithm)
        answered = client.request(action, flat(params))
        client.check_status(answered)
        return json.loads(answered.data)
    return call


rows = Rows(caller("POST", "sha256"), v2_code)
rows.all(ORDER, lower, lambda answer: answer.get("instanceIds", []))
get = Rows(caller("GET", "sha1"), v2_code)
get.row("read by GET and HmacSHA1", "demo", "DescribeZones", {})
report(rows.rows + get.rows)
