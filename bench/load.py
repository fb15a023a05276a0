"""One round: load for so many seconds, and what it cost the gateway alone."""
import json
import re
import sys

from bench import upstream
from bench.places import CONF, ROOT, Problem
from bench.processes import OTHER_CORES, Instructions, cpu, family, rss_mib


def wrk(children, url, calls, seconds, connections=64, cores=OTHER_CORES):
    """wrk, one thread: what it found."""
    return found_by(children, url, ["wrk", "-t1", "-c%d" % connections, "-d%ds" % seconds, "--timeout", "20s", "-s", CONF / "load.lua", url],
                    cores, calls, seconds)


def cold(children, url, calls, seconds, connections=8):
    """A handshake a call, by Python: what it found."""
    port = url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "bench.cold", port, seconds, connections, calls]
    return found_by(children, url, command, OTHER_CORES, calls, seconds)


def found_by(children, url, command, cores, calls, seconds):
    said = children.run(command, cores, {"CALLS": str(calls), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}, timeout=seconds + 60)
    found = re.search(r"^FOUND (.*)$", said, re.M)
    if not found:
        raise Problem("the load says nothing of what it found:\n" + said)
    found = json.loads(found[1])
    if not found["answered"]:
        raise Problem("%s answered nothing:\n%s" % (url, said))
    return found


def pace(children, program, port, calls, rate, seconds, connections=64):
    """The open-loop load: calls are due at a constant rate, whether or not the ones before were answered."""
    said = children.run(
        [program, "127.0.0.1:%d" % port, connections, max(1, round(rate)), seconds, calls], timeout=seconds + 60)
    return json.loads(said)


def processes_of(child):
    """The gateway's own, and those of a service that it cannot do without."""
    return [pid for each in (child, *getattr(child, "beside", ())) for pid in family(each.pid)]


def one_round(children, url, child, calls, seconds, connections=64, load=wrk):
    """The figures of a round, and how many requests reached the upstream in it."""
    pids = processes_of(child)
    arrived, spent, instructions = upstream.arrived(), cpu(pids), Instructions(pids)
    found = load(children, url, calls, seconds, connections)
    counted = instructions.end()
    spent = [after - before for before, after in zip(spent, cpu(pids))]
    delivered = upstream.arrived() - arrived
    n = found["answered"]
    whole, (user, system) = spent[0], spent[1:]
    share = whole / (user + system) if user + system else 0
    return {
        "calls_per_s": n / found["us"] * 1e6, "p50_us": found["p50_us"], "p99_us": found["p99_us"],
        "p999_us": found["p999_us"], "cpu_us_per_call": whole / n * 1e6, "user_us_per_call": user * share / n * 1e6,
        "system_us_per_call": system * share / n * 1e6, "rss_mib": rss_mib(processes_of(child)),
        "instructions_per_call": counted / n if counted else None,
    }, found, delivered
