"""The one upstream of all gateways: nginx that answers from its configuration."""
import http.client
import itertools

from bench.places import UPSTREAM, Problem
from bench.processes import OTHER_CORES

ANSWER = '{"totalCount":1,"instanceSet":[{"instanceId":"ins-0a1b2c3d","status":"RUNNING","zone":"gz-1"}]}'

HEAD = """worker_processes 1; daemon off; pid %(dir)s/%(name)s.pid; error_log %(dir)s/%(name)s.err;
%(modules)s
events { worker_connections 16384; }
worker_rlimit_nofile 65536;
http {
  access_log %(log)s; keepalive_requests 1000000000; keepalive_timeout 600s; default_type application/json;
  client_body_temp_path %(dir)s/t1; proxy_temp_path %(dir)s/t2; fastcgi_temp_path %(dir)s/t3;
  uwsgi_temp_path %(dir)s/t4; scgi_temp_path %(dir)s/t5;
  %(body)s
}
"""


def body():
    """Every path gets the small answer, but for two that end with their size; proxies that pass the target on as it
    came are told by its Action."""
    # A word of the configuration may have 4 KiB, a variable more: 16 and 256 parts of 252 bytes.
    part = "x" * 252
    large, largest = "{\"text\":\"%s\"}" % ("$part" * 16), "{\"text\":\"%s\"}" % ("$part" * 256)
    return """map $uri $part { default %s; }
  server { listen 127.0.0.1:%d backlog=4096;
    location = /__count { stub_status; }
    location = /large/4 { return 200 '%s'; }
    location = /large/64 { return 200 '%s'; }
    location / {
      if ($arg_Action = DescribeLarge) { return 200 '%s'; }
      if ($arg_Action = DescribeLargest) { return 200 '%s'; }
      return 200 '%s'; } }""" % (part, UPSTREAM, large, largest, large, largest, ANSWER)


def nginx(children, folder, name, text, port, log="off", cores=None, modules=""):
    """Starts an nginx of one worker with this inside its `http`."""
    path = folder / (name + ".conf")
    path.write_text(HEAD % {"dir": folder, "name": name, "body": text, "log": log, "modules": modules})
    more = {} if cores is None else {"cores": cores}
    return children.start(["nginx", "-c", path, "-e", folder / (name + ".err")], port, folder / (name + ".log"), **more)


def start(children, folder):
    return nginx(children, folder, "upstream", body(), UPSTREAM, cores=OTHER_CORES)


# How often it was asked: it counts these requests too.
QUESTIONS = itertools.count(1)


def arrived():
    """How many requests the upstream has answered; questions of this kind are not counted."""
    connection = http.client.HTTPConnection("127.0.0.1", UPSTREAM, timeout=5)
    connection.request("GET", "/__count")
    said = connection.getresponse().read().decode()
    connection.close()
    try:
        return int(said.split()[9]) - next(QUESTIONS)
    except (IndexError, ValueError):
        raise Problem("the upstream does not count: " + said) from None
