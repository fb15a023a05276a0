"""Two gateways on one PostgreSQL and one Redis: what a call costs each of the four, and a nonce in Redis."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from bench import calls, upstream
from bench.faregate import CONFIG, HTTP, HTTPS, RATE, document
from bench.load import wrk
from bench.places import MEMORY, ROOT, Problem
from bench.processes import OTHER_CORES, cpu, family

PORTS = {"one": (HTTP, HTTPS), "two": (9122, 9132)}
POSTGRES, REDIS = 9140, 9141
CALLS = {
    "free-get": lambda key: calls.v2_get(key, "DescribeInstances"),
    "purchase": lambda key: calls.v2_post(key, "RunInstances", (("goodsNum", "1"),)),
}


def all_of(bench, quick):
    """A row a kind of call, and the memory of nonces."""
    rounds, seconds = (2, 1) if quick else (9, 3)
    with Homes(bench) as homes:
        rows = [homes.measured(name, make, rounds, seconds) for name, make in CALLS.items()]
    return {"calls": rows, "nonces": nonces(bench, 100_000 if quick else 1_000_000)}


def nonces(bench, n):
    bench.say("homes            %s nonces in Redis" % format(n, ","))
    done = subprocess.run([sys.executable, ROOT / "scripts/redis-nonces", str(n)], capture_output=True, text=True)
    found = re.findall(r"^\d+ claims of (\d+) accounts: ([\d.]+) bytes a nonce in \d+ keys, ([\d.]+) us", done.stdout, re.M)
    if not found:
        raise Problem("scripts/redis-nonces: " + done.stdout + done.stderr)
    return [{"n": n, "accounts": int(a), "bytes": float(b), "redis_us_per_claim": float(us)} for a, b, us in found]


def program(name):
    """One of PostgreSQL's, which Debian keeps out of the path."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/" + name))
    if not found and not shutil.which(name):
        raise Problem("PostgreSQL is not here: apt-get install postgresql redis-server")
    return str(found[-1]) if found else name


class Homes:
    """The stores, on the cores of the load; and both gateways, on the gateways' core."""

    def __init__(self, bench):
        self.bench, self.children, self.gates = bench, bench.children, {}
        # A short path: sockets lie in it.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fgbench"))

    def __enter__(self):
        try:
            self.start_stores()
            self.start_gates()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for child in (*self.gates.values(), *(getattr(self, name, None) for name in ("redis", "postgres"))):
            if child is not None:
                self.children.stop(child)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_stores(self):
        self.folder.chmod(0o755)
        data, as_postgres = self.folder / "pg", []
        data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
            as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        done = subprocess.run(
            [*as_postgres, program("initdb"), "-A", "trust", "-U", "faregate", "--locale=C", "-E", "UTF8", "-D", data],
            capture_output=True, text=True, cwd="/")
        if done.returncode:
            raise Problem("initdb: " + done.stderr)
        settings = ["listen_addresses=127.0.0.1", "port=%d" % POSTGRES, "max_connections=200", "unix_socket_directories=%s" % data]
        command = [*as_postgres, program("postgres"), "-D", data, *(word for each in settings for word in ("-c", each))]
        self.postgres = self.children.start(command, POSTGRES, self.bench.folder / "postgres.log", OTHER_CORES)
        self.redis = self.children.start(
            ["redis-server", "--port", REDIS, "--save", "", "--appendonly", "no", "--dir", self.folder], REDIS,
            self.bench.folder / "redis.log", OTHER_CORES)
        for _ in range(200):
            made = subprocess.run(
                [program("createdb"), "-h", "127.0.0.1", "-p", str(POSTGRES), "-U", "faregate", "faregate"], capture_output=True, text=True)
            if made.returncode == 0:
                return
            time.sleep(0.05)
        raise Problem("createdb: " + made.stderr)

    def start_gates(self):
        for name, (http, https) in PORTS.items():
            home = self.folder / name
            home.mkdir()
            (home / "bench.json").write_text(json.dumps(document()))
            text = CONFIG % {
                "http": http, "https": https, "folder": self.bench.folder, "durability": "os", "rate": RATE, "period": 300, "log": "off"}
            stores = '[stores]\npostgres = "postgres://faregate@127.0.0.1:%d/faregate"\nredis = "redis://127.0.0.1:%d"\n' % (POSTGRES, REDIS)
            (home / "faregate.toml").write_text(text.replace("[listen]\n", stores + "[listen]\n", 1))
            if name != "one":
                (home / "data").mkdir()
                shutil.copy(self.folder / "one/data/keyring", home / "data/keyring")
            self.say(name, "migrate")
        account = self.ask("account", "create", "bench")["accountId"]
        key = self.ask("key", "create", account)
        self.key = (key["secretId"], key["secretKey"])
        self.ask("identity", "set", account, "verified")
        self.ask("ledger", "topup", account, "1000000.00")
        for name, (http, _) in PORTS.items():
            log = self.bench.folder / ("homes-%s.log" % name)
            self.gates[name] = self.children.start([self.bench.world.binary, "serve", "-c", self.folder / name / "faregate.toml"], http, log)
            self.ready(http)

    def say(self, name, *words):
        done = subprocess.run(
            [self.bench.world.binary, *words, "-c", self.folder / name / "faregate.toml"], capture_output=True, text=True)
        if done.returncode:
            raise Problem("faregate %s: %s" % (" ".join(words[:2]), done.stdout + done.stderr))
        return done.stdout

    def ask(self, *words):
        return json.loads(self.say("one", *words, "--json"))

    def ready(self, port):
        for _ in range(100):
            _, answer = calls.ask(port, calls.v2_get(self.key, "DescribeInstances"))
            if json.loads(answer)["code"] == 0:
                return
            time.sleep(0.05)
        raise Problem("a gateway of two does not take a good call: " + answer.decode(errors="replace"))

    def measured(self, name, make, rounds, seconds):
        """Both gateways loaded at once: calls a second of both, and CPU a call of each part."""
        self.bench.say("homes            %s, two gateways at once" % name)
        rows, n_calls = [], 40_000
        for n in range(rounds + 1):
            lasts = seconds if n else 1
            row = self.round(make, n_calls * lasts, lasts)
            n_calls = int(row["calls_per_s"] * 0.9) + 2_000
            if n:
                rows.append(row)
        return {"call": name, "rounds": rounds, **{key: round(statistics.median(row[key] for row in rows), 1) for key in rows[0]}}

    def round(self, make, n_calls, seconds):
        files = {each: MEMORY / ("faregate-bench-%d-%s.calls" % (os.getpid(), each)) for each in PORTS}
        found, failed = {}, []
        try:
            for path in files.values():
                calls.write(path, iter(lambda: make(self.key), None), n_calls)
            parts = {"gateways": [pid for child in self.gates.values() for pid in family(child.pid)],
                     "redis": family(self.redis.pid), "postgres": family(self.postgres.pid)}
            arrived, spent = upstream.arrived(), {part: cpu(pids)[0] for part, pids in parts.items()}

            def load(each):
                try:
                    found[each] = wrk(self.children, "http://127.0.0.1:%d" % PORTS[each][0], files[each], seconds, 32)
                except Problem as problem:
                    failed.append(problem)

            loads = [threading.Thread(target=load, args=(each,)) for each in PORTS]
            for each in loads:
                each.start()
            for each in loads:
                each.join()
            if failed:
                raise failed[0]
            spent = {part: cpu(pids)[0] - spent[part] for part, pids in parts.items()}
        finally:
            for path in files.values():
                with contextlib.suppress(OSError):
                    path.unlink()
        n = sum(each["answered"] for each in found.values())
        wrong = [each for each in found.values() if each["broken"] or each["status"] or each["wrapped"]]
        if wrong or not n <= upstream.arrived() - arrived <= n + 64:
            raise Problem("%d requests reached the upstream where about %d were due; wrk found %s" % (upstream.arrived() - arrived, n, found))
        us = max(each["us"] for each in found.values())
        return {
            "calls_per_s": n / us * 1e6, "p50_us": max(each["p50_us"] for each in found.values()),
            "p99_us": max(each["p99_us"] for each in found.values()),
            **{part + "_us_per_call": spent[part] / n * 1e6 for part in parts}}
