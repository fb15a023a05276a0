"""The cases, measured: gateways side by side, rounds interleaved, the same calls for all."""
import itertools
import os
import random
import shutil
import time

from bench import calls, checks, figures
from bench.cases import ACCOUNTS
from bench.gateways import Setting
from bench.load import cold, one_round
from bench.places import MEMORY, Problem


class Bench:
    """One run: its children, its folder, its world, and who takes part."""

    def __init__(self, children, folder, world, gateways, say):
        self.children, self.folder, self.world, self.gateways, self.say = children, folder, world, gateways, say
        self.calls = MEMORY / ("faregate-bench-%d.calls" % os.getpid())
        self.draw = random.Random(1)
        self.checked = {}

    def close(self):
        self.calls.unlink(missing_ok=True)

    def home(self, case):
        home = self.world.fresh()
        if case.needs_fill:
            self.world.filled("accounts", ACCOUNTS)
        return home

    def case(self, case, rounds, seconds):
        """Rows of each gateway, in the order of the rounds."""
        names = [name for name in case.gateways if name in self.gateways]
        home = self.home(case)
        running = {}
        try:
            for name in names:
                setting = Setting(self.children, self.folder, self.world, home, **case.settings)
                running[name] = self.gateways[name].start(setting)
                if name not in self.checked:
                    self.checked[name] = checks.of(self.gateways[name], self.world)
            return self.rounds(case, running, rounds, seconds)
        finally:
            for child in running.values():
                self.children.stop(child)
            shutil.rmtree(home, ignore_errors=True)

    def rounds(self, case, running, rounds, seconds):
        rows = {name: [] for name in running}
        # A guess, until the first round has said better.
        rates = dict.fromkeys(running, 30_000)
        # The first round is a short one, and warms up.
        for n in range(rounds + 1):
            lasts = seconds if n else 1
            order = list(running)
            self.draw.shuffle(order)
            strict = [rates[name] for name in running if self.gateways[name].claims] or list(rates.values())
            n_calls = 1_000 if case.again else int(max(strict) * lasts * 1.4) + 2_000
            self.sign(case, n_calls)
            for name in order:
                row = self.round(case, name, running[name], lasts, n_calls)
                rates[name] = row["calls_per_s"]
                if n:
                    rows[name].append(row)
        return rows

    def sign(self, case, n):
        calls.write(self.calls, case.requests(self.world), n)

    def round(self, case, name, child, seconds, n_calls):
        """One round of one gateway; once more with more calls, where they did not suffice."""
        gateway = self.gateways[name]
        url = "https://127.0.0.1:%d" % gateway.tls_port if case.tls else "http://127.0.0.1:%d" % gateway.port
        checks.case(gateway, self.world, case)
        for _ in range(4):
            load = {"load": cold, "connections": 8} if case.cold else {}
            row, found, delivered = one_round(self.children, url, child, self.calls, seconds, **load)
            if not (found["wrapped"] and gateway.claims) or case.again:
                break
            n_calls *= 2
            self.sign(case, n_calls)
        self.judge(case, name, found, delivered, seconds)
        checks.case(gateway, self.world, case)
        return row

    def judge(self, case, name, found, delivered, seconds):
        """Did every call do what the case says? The upstream counted."""
        wrong = found["broken"] or found["status"]
        expected = found["answered"] * (case.upstream if self.gateways[name].claims else 1)
        if case.upstream == 0:
            # What the quota lets pass.
            wrong = wrong or delivered > 5 * (seconds + 2)
        else:
            # wrk stops with some in flight, and counts only what was answered.
            wrong = wrong or not expected <= delivered <= expected + 64 * case.upstream
        if wrong:
            raise Problem("%s, %s: %d requests reached the upstream where about %d were due; wrk found %s" % (
                name, case.name, delivered, expected, found))


def all_cases(bench, cases, rounds, seconds, quick):
    """Every case: results, and ratios against others in the same rounds."""
    results, ratios = [], []
    for case in cases:
        if not set(case.gateways) & set(bench.gateways):
            bench.say("%-16s none of the chosen gateways takes part" % case.name)
            continue
        bench.say("%-16s %s" % (case.name, case.what))
        began = time.monotonic()
        rows = bench.case(case, rounds if case.headline or not quick else max(1, rounds - 1), seconds)
        bench.say("%-16s %.1f s" % ("", time.monotonic() - began))
        results.extend(figures.summary(name, case.name, of) for name, of in rows.items())
        for name, against in itertools.permutations(rows, 2):
            if against == "nginx" or name == "faregate":
                ratios.extend(
                    figures.ratio(case.name, name, against, rows[name], rows[against], what)
                    for what in ("cpu_us_per_call", "calls_per_s"))
    return results, ratios

