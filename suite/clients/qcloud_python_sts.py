from sts.sts import Sts

from steps import *


def call(who, action, params):
    secret_id, secret_key = account(who)
    sts = Sts({"url": "http://%s/" % WORLD["http"], "domain": WORLD["http"], "duration_seconds": 1800, "secret_id": secret_id,
               "secret_key": secret_key, "region": "ap-guangzhou", "policy": {"version": "2.0", "statement": []}})
    return sts.get_credential()


def code(answer, error):
    """The package raises a plain Exception that has the answer as text."""
    return str(error).split("'Code': '")[-1].split("'")[0]


rows = Rows(call, code)
rows.row("6100", "demo", "GetFederationToken", {})
report(rows.rows)
