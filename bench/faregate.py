"""Faregate's side: data folders, documents, configurations."""
import contextlib
import json
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time

from bench import calls
from bench.places import MEMORY, UPSTREAM, Problem

HTTP, HTTPS = 9102, 9112
N_BATCH = 10
# More than any load reaches: the gate does its work and refuses nobody.
RATE = 1_000_000

CONFIG = """base_domain = "api.example.test"
data = "data"
compat = true
[listen]
http = "127.0.0.1:%(http)d"
https = "127.0.0.1:%(https)d"
[tls]
certificate = "%(folder)s/cert.pem"
key = "%(folder)s/key.pem"
[replay]
durability = "%(durability)s"
[validity]
period_s = %(period)d
[quota]
per_second = %(rate)d
burst = %(rate)d
[limits]
workers = 1
connections_max = 20000
connections_per_address_max = 20000
calls_in_flight_max = 20000
[log]
access = "%(log)s"
[[modules]]
document = "bench.json"
"""

FREE = [
    {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0}},
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
    {"name": "status", "in": "query", "schema": {"type": "string"}},
]


def operation(name, parameters=(), body=None, **extension):
    made = {"operationId": name, "responses": {"200": {"description": "ok"}}, "parameters": list(parameters)}
    if body:
        schema = {"type": "object", "additionalProperties": False, "required": list(body), "properties": body}
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if extension:
        made["x-faregate"] = extension
    return made


def document(n_actions=0):
    """Everything that a case asks for, and so many actions more."""
    text, number, ids = {"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "string"}}
    note = {"limit": number, "offset": number, "status": text, "note": text, "number": text}
    one = [{"name": "instanceId", "in": "query", "required": True, "schema": text}]
    paths = {
        "/instances": {"get": operation("DescribeInstances", FREE), "post": operation(
            "RunInstances", body={"goodsNum": number},
            purchase={"price": "params.goodsNum * money('0.01')", "currency": "CNY"}, idempotent=True)},
        "/note": {"post": operation("NoteInstances", body=note)},
        "/large/4": {"get": operation("DescribeLarge")},
        "/large/64": {"get": operation("DescribeLargest")},
        "/restart": {"post": operation(
            "RestartInstances", body={"instanceIds": ids},
            resources={"instanceIds": "instance"}, batch={"over": "instanceIds", "max": 100})},
        "/one": {"get": operation("DescribeInstance", one, resources={"instanceId": "instance"})},
        "/scarce": {"get": operation("DescribeScarce", FREE, quota={"rate": "5/s", "burst": 5})},
    }
    for n in range(n_actions):
        paths["/more/%d" % n] = {"get": operation("DescribeMore%d" % n, FREE)}
    return {
        "openapi": "3.1.0", "info": {"title": "Bench", "version": "1"},
        "servers": [{"url": "http://127.0.0.1:%d" % UPSTREAM}],
        "x-faregate": {"module": "cvm", "protocols": ["http", "https"], "versions": ["2017-03-12"]}, "paths": paths}


class World:
    """Makes data folders, one after the other; `key` and `account` are the newest one's."""

    def __init__(self, binary, fill, folder):
        self.binary, self.fill, self.folder = binary, fill, folder
        self.home = self.account = self.key = None

    def fresh(self):
        """A new folder: one account, verified and with money, its key, and its ten instances.

        Never a copy of another one: the gateway would know it by its journal, and fence what it cannot know.
        """
        self.home = self.folder / "gate"
        shutil.rmtree(self.home, ignore_errors=True)
        self.say("init", self.home)
        self.account = self.ask("account", "create", "bench")["accountId"]
        key = self.ask("key", "create", self.account)
        self.key = (key["secretId"], key["secretKey"])
        self.ask("identity", "set", self.account, "verified")
        self.ask("ledger", "topup", self.account, "1000000.00")
        self.own(self.home, self.account, N_BATCH)
        return self.home

    def say(self, *words):
        done = subprocess.run([self.binary, *map(str, words)], capture_output=True, text=True)
        if done.returncode:
            raise Problem("faregate %s: %s" % (" ".join(map(str, words[:2])), done.stdout + done.stderr))
        return done.stdout

    def ask(self, *words):
        return json.loads(self.say(*words, "--data", self.home / "data", "--json"))

    def own(self, home, account, n):
        """So many instances of an account, `ins-00000000` and on: written as the gateway writes what it learnt."""
        with contextlib.closing(sqlite3.connect(home / "data/faregate.db")) as database, database:
            now = int(time.time() * 1000)
            database.executemany(
                "INSERT OR IGNORE INTO resources (module, kind, id, account, state, changed_at_ms) "
                "VALUES ('cvm', 'instance', ?, ?, 'owned', ?)", (("ins-%08d" % at, account, now) for at in range(n)))

    def knows_policies(self):
        self.fresh()
        with contextlib.closing(sqlite3.connect(self.home / "data/faregate.db")) as database:
            return bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'policies'").fetchall())

    def allow(self, n):
        """Puts the key under so many policies, of which the last allows what is called, and each other an action of its own."""
        now, (key, _) = int(time.time() * 1000), self.key
        named = ["DescribeMore%d" % at for at in range(n - 1)] + ["DescribeInstances"] if n else []
        rows = []
        for action in named:
            statement = {"effect": "allow", "action": "name/cvm:" + action, "resource": "*"}
            rows.append((self.account, action.lower(), json.dumps({"version": "2.0", "statement": [statement]}), now))
        with contextlib.closing(sqlite3.connect(self.home / "data/faregate.db")) as database, database:
            database.executemany("INSERT INTO policies (account, name, document, changed_at_ms) VALUES (?, ?, ?, ?)", rows)
            database.executemany(
                "INSERT INTO policy_attachments (account, kind, principal, policy) VALUES (?, 'key', ?, ?)",
                ((self.account, key, name) for _, name, _, _ in rows))

    def filled(self, what, n, first=0):
        """So many more of something, by the store's own code; in memory, for each is a transaction on disk."""
        if self.fill is None:
            raise Problem("the bench's program `fill` is not built: leave FAREGATE_BIN away, or build it")
        data = self.home / "data"
        if what == "nonces":
            # The journal belongs to its folder.
            self.run_fill(data, what, n, first)
            return
        with tempfile.TemporaryDirectory(dir=MEMORY) as name:
            shutil.copytree(data, name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("nonces", "lock"))
            self.run_fill(name, what, n, first)
            shutil.copy(pathlib.Path(name) / "faregate.db", data / "faregate.db")

    def run_fill(self, data, what, n, first):
        done = subprocess.run([self.fill, data, what, str(n), str(first)], capture_output=True, text=True)
        if done.returncode:
            raise Problem("fill: " + done.stderr)

    def configure(self, home, durability="os", logged=False, n_actions=0, period_s=300):
        """Writes the configuration and the document: what `serve` takes."""
        (home / "bench.json").write_text(json.dumps(document(n_actions)))
        config = home / "faregate.toml"
        config.write_text(CONFIG % {
            "http": HTTP, "https": HTTPS, "folder": self.folder, "durability": durability, "rate": RATE, "period": period_s,
            "log": home / "access.log" if logged else "off"})
        return config

    def serve(self, children, config):
        return children.start([self.binary, "serve", "-c", config], HTTP, self.folder / "faregate.log")

    def start(self, children, home, **settings):
        child = self.serve(children, self.configure(home, **settings))
        self.ready()
        return child

    def ready(self):
        """Waits for a good answer: where the journal was new, calls stamped in the second of the start are refused."""
        for _ in range(100):
            _, answer = calls.ask(HTTP, calls.v2_get(self.key, "DescribeInstances"))
            if json.loads(answer)["code"] == 0:
                return
            time.sleep(0.05)
        raise Problem("faregate does not take a good call: " + answer.decode(errors="replace"))
