"""The command line of scripts/bench."""
import argparse
import json
import os
import pathlib
import resource
import signal
import sys
import tempfile

from bench import cases, gateways, homes, latency, machine, measure, needs, report, scale, upstream
from bench.faregate import World
from bench.places import WORK, Problem
from bench.processes import Children

ABOUT = """Measures Faregate, all gates on, beside the proxies that people would use instead: one run, one upstream, the same
signed calls for all, each used once, rounds interleaved. With two cores or more each gateway has the first one for itself,
and load and upstream have the others. Before anything is timed, each gateway is tried: does it refuse what it claims to?"""
PARTS = """parts:
  cases     calls of many kinds: calls/s, latency under load, CPU microseconds a call of the gateway alone, memory
  scale     how cost and memory grow with accounts, keys, live nonces, instances, actions, policies, connections; the start
  latency   what a gateway adds: at one connection, and at half of what it can, at a constant rate
  homes     two gateways on one PostgreSQL and one Redis: CPU a call of the gateways, of Redis and of PostgreSQL; bytes a nonce
  all       the four
  render    writes docs/performance.md and .svg again from docs/performance.json; measures nothing

It builds Faregate as it is shipped (profile `dist`), or takes FAREGATE_BIN. Ctrl-C ends everything that it started."""


def options():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=ABOUT, epilog=PARTS, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", default="cases", choices=("cases", "scale", "latency", "homes", "all", "render"), help="cases, if left out")
    parser.add_argument("--quick", action="store_true", help="few short rounds: under three minutes, once it is built")
    parser.add_argument("--json", action="store_true", help="print one JSON document, and nothing else, to standard output")
    parser.add_argument("--case", action="append", choices=sorted(cases.CASES), metavar="NAME", help="this case; may be repeated: %(choices)s")
    parser.add_argument("--gateway", action="append", choices=sorted(gateways.GATEWAYS), metavar="NAME", help="this gateway; may be repeated: %(choices)s")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds that count (15, quick 3)")
    parser.add_argument("--seconds", type=int, metavar="N", help="seconds of a round (3, quick 1)")
    parser.add_argument("--no-install", action="store_true", help="install nothing; gateways that are not here are left out")
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/performance.json, and write the tables and the chart from it")
    parser.add_argument("--check", action="store_true", help="with render: write nothing, and fail where a file is not fresh")
    chosen = parser.parse_args()
    for name in ("rounds", "seconds"):
        if getattr(chosen, name) is not None and getattr(chosen, name) < 1:
            parser.error("--%s is at least 1" % name)
    if chosen.write and (chosen.case or chosen.gateway or chosen.quick):
        parser.error("--write keeps a whole run: not with --quick, --case or --gateway")
    if chosen.check and chosen.part != "render":
        parser.error("--check goes with render")
    return chosen


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def measured(chosen):
    """Everything that was asked for, as one document."""
    if not chosen.no_install:
        needs.install(say)
    needs.check()
    binary, fill = needs.programs(say)
    WORK.mkdir(parents=True, exist_ok=True)
    rounds, seconds = (3, 1) if chosen.quick else (15, 3)
    rounds, seconds = chosen.rounds or rounds, chosen.seconds or seconds
    with tempfile.TemporaryDirectory(dir=WORK) as name, Children() as children:
        folder = pathlib.Path(name)
        # The workers of nginx are another user, where we are root.
        folder.chmod(0o755)
        needs.certificate(folder)
        world = World(binary, fill, folder)
        upstream.start(children, folder)
        found, missing = gateways.here(world)
        for gateway, why in missing.items():
            say("%s is left out: %s" % (gateway, why))
        if chosen.gateway:
            found = {gateway: found[gateway] for gateway in found if gateway in chosen.gateway}
            if not found:
                raise Problem("none of the chosen gateways can run here")
        bench = measure.Bench(children, folder, world, found, say)
        document = {
            "machine": machine.describe(binary), "rounds": rounds, "seconds": seconds, "quick": chosen.quick,
            "left_out": [{"gateway": gateway, "why": why} for gateway, why in missing.items()]}
        try:
            if chosen.part in ("cases", "all"):
                wanted = [case for case in cases.CASES.values() if not chosen.case or case.name in chosen.case]
                document["results"], document["ratios"] = measure.all_cases(bench, wanted, rounds, seconds, chosen.quick)
            if chosen.part in ("latency", "all"):
                document["latency"] = latency.all_of(bench, chosen.quick)
            if chosen.part in ("scale", "all"):
                document["scale"] = scale.all_of(bench, chosen.quick)
            if chosen.part in ("homes", "all"):
                document["homes"] = homes.all_of(bench, chosen.quick)
            document["checks"] = bench.checked
        finally:
            bench.close()
    return document


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    chosen = options()
    signal.signal(signal.SIGTERM, interrupted)
    # Ten thousand connections need as many files.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        if chosen.part == "render":
            stale = report.render(check=chosen.check)
            if stale:
                raise Problem("%s is not what docs/performance.json says: run scripts/bench render" % ", ".join(stale))
            return
        document = measured(chosen)
        if chosen.write:
            report.keep(document)
            report.render()
        print(json.dumps(document) if chosen.json else report.text(document), flush=True)
    except Problem as problem:
        sys.exit("scripts/bench: %s" % problem)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


