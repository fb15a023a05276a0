"""How cost grows: one thing gets more and more, and Faregate alone is measured at each point."""
import random
import shutil
import statistics
import time

from bench import calls
from bench.cases import filled_key
from bench.gateways import GATEWAYS
from bench.load import one_round
from bench.places import Problem
from bench.processes import family, rss_mib

# Points of a curve: those of a quick run, and the further ones.
CURVES = {
    "accounts": ((1, 1_000, 10_000), (100_000, 1_000_000)),
    "keys": ((1, 1_000, 10_000), (100_000,)),
    "live nonces": ((0, 1_000_000), (10_000_000, 50_000_000)),
    "instances": ((10, 10_000, 100_000), (1_000_000, 10_000_000)),
    "actions": ((10, 1_000), (10_000,)),
    "policies": ((0, 10, 100), (500,)),
    "connections": ((1, 64, 512), (4_000, 9_000)),
}


def all_of(bench, quick):
    points = [idle(bench, 3 if quick else 10)]
    rounds, seconds = (2, 1) if quick else (5, 2)
    for curve, (short, further) in CURVES.items():
        if curve in ("accounts", "keys", "live nonces") and bench.world.fill is None:
            bench.say("%s are left out: the bench's own programs are not built" % curve)
            continue
        if curve == "policies" and not bench.world.knows_policies():
            bench.say("policies are left out: this gateway has none")
            continue
        for n in short if quick else short + further:
            bench.say("scale            %s: %s" % (curve, format(n, ",")))
            points.append(point(bench, curve, n, rounds, seconds))
    return points


def started(bench, home, **settings):
    """The gateway, and how many milliseconds went by until it first answered."""
    config = bench.world.configure(home, **settings)
    began = time.monotonic()
    child = bench.world.serve(bench.children, config)
    # Any answer: a new journal refuses what is stamped in its first second.
    calls.ask(GATEWAYS["faregate"].port, calls.v2_get(bench.world.key, "DescribeInstances"))
    return child, (time.monotonic() - began) * 1e3


def idle(bench, times):
    """An empty store: the start, and the memory of a gateway that nobody calls."""
    home, took, memory = bench.world.fresh(), [], []
    bench.say("scale            the start, and idle memory")
    for _ in range(times):
        child, ms = started(bench, home)
        took.append(ms)
        time.sleep(0.2)
        memory.append(rss_mib(family(child.pid)))
        bench.children.stop(child)
    shutil.rmtree(home)
    return {"curve": "nothing: idle", "n": 0, "start_ms": round(statistics.median(took), 1), "rss_mib": round(statistics.median(memory), 1)}


def point(bench, curve, n, rounds, seconds):
    home = bench.world.fresh()
    settings, connections, draw = {}, 64, random.Random(n)
    key, action, free = bench.world.key, "DescribeInstances", calls.FREE
    make = lambda: calls.v2_get(key, action)
    if curve in ("accounts", "keys"):
        kind = "bench" if curve == "accounts" else "more"
        bench.world.filled("accounts", n if curve == "accounts" else 1)
        if curve == "keys":
            bench.world.filled("keys", n)
        make = lambda: calls.v2_get(filled_key(draw.randrange(n), kind), action)
    elif curve == "live nonces":
        settings["period_s"] = 7200
        if n:
            bench.world.filled("nonces", n)
    elif curve == "instances":
        bench.world.own(home, bench.world.account, n)
        make = lambda: calls.v2_get(key, "DescribeInstance", (("instanceId", "ins-%08d" % draw.randrange(n)),))
    elif curve == "actions":
        settings["n_actions"] = n
        make = lambda: calls.v2_get(key, "DescribeMore%d" % draw.randrange(n), free)
    elif curve == "policies":
        settings["n_actions"] = n
        bench.world.allow(n)
    elif curve == "connections":
        connections = n
    child, start_ms = started(bench, home, **settings)
    try:
        bench.world.ready()
        rows = load(bench, child, make, rounds, seconds, connections)
    finally:
        bench.children.stop(child)
        shutil.rmtree(home)
    middle = lambda name: round(statistics.median(row[name] for row in rows), 1)
    return {"curve": curve, "n": n, "start_ms": round(start_ms, 1), **{
        name: middle(name) for name in ("calls_per_s", "cpu_us_per_call", "p50_us", "p99_us", "rss_mib")}}


def load(bench, child, make, rounds, seconds, connections):
    """Rounds of one point; the first one warms up. Every call has to reach the upstream."""
    rows, n_calls = [], 60_000
    url = "http://127.0.0.1:%d" % GATEWAYS["faregate"].port
    for n in range(rounds + 1):
        lasts = seconds if n else 1
        calls.write(bench.calls, iter(make, None), n_calls * lasts)
        row, found, delivered = one_round(bench.children, url, child, bench.calls, lasts, connections)
        if found["broken"] or found["wrapped"] or delivered < found["answered"]:
            raise Problem("%d of %d calls reached the upstream; wrk found %s" % (delivered, found["answered"], found))
        n_calls = int(row["calls_per_s"] * 1.5) + 2_000
        if n:
            rows.append(row)
    return rows
