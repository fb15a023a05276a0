"""What a gateway adds to an answer's time: at one connection, and at half of what it can."""
import statistics

from bench.cases import CASES
from bench.gateways import Setting
from bench.load import pace, wrk
from bench.places import UPSTREAM, Problem
from bench.processes import GATEWAY_CORES

CONNECTIONS = 64


def all_of(bench, quick):
    """A row a gateway, the first of them none at all: load and upstream alone."""
    rounds, seconds = (2, 1) if quick else (5, 3)
    case = CASES["free-get"]
    home = bench.world.fresh()
    running, rows = {}, []
    bench.say("latency          one connection, all on one core")
    try:
        for name in (name for name in case.gateways if name in bench.gateways):
            running[name] = bench.gateways[name].start(Setting(bench.children, bench.folder, bench.world, home))
        ports = {"direct": UPSTREAM, **{name: bench.gateways[name].port for name in running}}
        one = one_core(bench, case, ports, rounds, seconds)
        bench.say("latency          at half of the maximum")
        half = at_half(bench, case, ports, rounds, seconds)
    finally:
        for child in running.values():
            bench.children.stop(child)
    for name in ports:
        rows.append({"gateway": name, "one": added(one[name], one["direct"]), "half": half[name]})
    return rows


def median(found, names):
    return {name: round(statistics.median(row[name] for row in found), 1) for name in names}


def added(row, direct):
    for name in ("p50_us", "p99_us"):
        row["added_" + name] = round(row[name] - direct[name], 1) if row is not direct else 0.0
    return row


def one_core(bench, case, ports, rounds, seconds):
    """wrk, one connection; load, gateway and upstream take turns on one core."""
    upstream_pid = next(child.pid for child in bench.children.running if "upstream" in str(child.args))
    found = {name: [] for name in ports}
    with bench.children.moved(upstream_pid, GATEWAY_CORES):
        for _ in range(rounds):
            bench.sign(case, 40_000 * seconds)
            for name, port in ports.items():
                found[name].append(wrk(bench.children, "http://127.0.0.1:%d" % port, bench.calls, seconds, 1, GATEWAY_CORES))
    return {name: median(rows, ("p50_us", "p99_us", "p999_us")) for name, rows in found.items()}


def at_half(bench, case, ports, rounds, seconds):
    """First each gateway's maximum, then half of it, due at a constant rate; the upstream alone at the same rate."""
    half = {"direct": {}}
    if bench.world.fill is None:
        return {name: {} for name in ports}
    program = bench.world.fill.with_name("pace")
    most = {}
    for name, port in ports.items():
        bench.sign(case, 80_000 * seconds)
        found = wrk(bench.children, "http://127.0.0.1:%d" % port, bench.calls, seconds, CONNECTIONS)
        most[name] = found["answered"] / found["us"] * 1e6
    for name in (name for name in ports if name != "direct"):
        rate = most[name] / 2
        rows, alone = [], []
        for _ in range(rounds):
            bench.sign(case, int(rate * seconds) + 1_000)
            for port, into in ((UPSTREAM, alone), (ports[name], rows)):
                found = pace(bench.children, program, port, bench.calls, rate, seconds, CONNECTIONS)
                if found["answered"] < found["sent"]:
                    raise Problem("%s left %d of %d calls without an answer" % (name, found["sent"] - found["answered"], found["sent"]))
                into.append(found)
        names = ("p50_us", "p99_us", "p999_us", "late_p50_us", "late_p99_us")
        half[name] = {"rate": round(rate), **added(median(rows, names), median(alone, names))}
    return half
