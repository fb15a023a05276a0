"""The tables of docs/performance.md."""
from bench.cases import CASES
from bench.gateways import GATEWAYS


def n(value, digits=0):
    return "–" if value is None else "{:,.{}f}".format(value, digits)


def table(head, rows):
    lines = ["| %s |" % " | ".join(head), "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| %s |" % " | ".join(row) for row in rows])


def machine(found):
    busy = "" if found["load_before"] <= found["cores"] / 4 else (
        " **The machine was busy (load %.1f before): these figures show the shape, no more.**" % found["load_before"])
    pinned = "the gateway alone on the first core, load and upstream on the rest" if found["pinned"] else "all on one core"
    return "%d cores (%s%s), %d GiB, Linux %s, %s; nginx %s, HAProxy %s; %s; %s, commit %s.%s" % (
        found["cores"], found["cpu"], ", a guest" if found["guest"] else "", found["memory_gib"], found["linux"], found["system"],
        found["nginx"], found["haproxy"] or "not here", pinned, found["at"], found["commit"], busy)


def find(figures, case, gateway):
    return next((row for row in figures["results"] if row["case"] == case and row["gateway"] == gateway), None)


def against(figures, case, gateway, other):
    """`1.20 (1.15–1.26)`: the paired ratio of CPU, and its interval."""
    for ratio in figures["ratios"]:
        if (ratio["case"], ratio["gateway"], ratio["against"], ratio["of"]) == (case, gateway, other, "cpu_us_per_call"):
            return "%.2f (%.2f–%.2f)" % (ratio["median"], *ratio["interval"])
    return "1" if gateway == other else "–"


def cpu(row):
    return "%s (%s–%s)" % (n(row["cpu_us_per_call"], 1), *(n(bound, 1) for bound in row["cpu_us_per_call_span"]))


def sections(kept):
    made = {}
    if "cases" in kept:
        figures = kept["cases"]
        made["machine"] = machine(figures["machine"]) + " %d rounds of %d s." % (figures["rounds"], figures["seconds"])
        made["peers"], made["cases"], made["refusals"], made["checks"] = peers(figures), pairs(figures), refusals(figures), checks(figures)
    if "latency" in kept:
        rows = latency_rows(kept["latency"]["latency"])
        made["latency"] = machine(kept["latency"]["machine"]) + "\n\n" + table(rows[0], rows[1:])
    if "scale" in kept:
        rows = scale_rows(kept["scale"]["scale"])
        made["scale"] = machine(kept["scale"]["machine"]) + "\n\n" + table(rows[0], rows[1:])
    if "homes" in kept:
        made["homes"] = "\n\n".join([machine(kept["homes"]["machine"])] + [table(rows[0], rows[1:]) for rows in homes_rows(kept["homes"]["homes"])])
    return made


def peers(figures):
    """The free call, through everybody."""
    rows = []
    for name, gateway in GATEWAYS.items():
        row = find(figures, "free-get", name)
        if row:
            rows.append([
                name, gateway.what, n(row["calls_per_s"]), cpu(row), "%s + %s" % (n(row["user_us_per_call"], 1), n(row["system_us_per_call"], 1)),
                against(figures, "free-get", name, "nginx"), n(row["p50_us"]), n(row["p99_us"]), n(row["p999_us"]), n(row["rss_mib"], 1)]
                + ([n(row["instructions_per_call"])] if figures["machine"]["instructions"] else []))
    head = ["gateway", "does", "calls/s", "CPU µs a call (span)", "user + kernel", "times nginx's CPU (interval)", "p50 µs", "p99 µs", "p99.9 µs", "MiB"]
    said = [table(head + (["instructions a call"] if figures["machine"]["instructions"] else []), rows)]
    others = [other for other in ("nginx+lua", "envoy+lua", "envoy+asks", "floor") if find(figures, "free-get", other) and find(figures, "free-get", "faregate")]
    if others:
        said.append("Faregate's CPU a call, as a share of others' in the same rounds: %s." % ", ".join(
            "%s of %s" % (against(figures, "free-get", "faregate", other), other) for other in others))
    said.extend("Left out, %s: %s." % (left["gateway"], left["why"]) for left in figures["left_out"])
    return "\n\n".join(said)


def pairs(figures):
    """Every other case that is served: Faregate, and nginx's bare proxying of the same calls."""
    rows = []
    for case in CASES.values():
        ours, theirs = find(figures, case.name, "faregate"), find(figures, case.name, "nginx")
        if ours and not case.code:
            rows.append([
                case.name, case.what, n(ours["calls_per_s"]), n(theirs["calls_per_s"]) if theirs else "–", cpu(ours), cpu(theirs) if theirs else "–",
                against(figures, case.name, "faregate", "nginx"), n(ours["p99_us"]), n(ours["rss_mib"], 1)])
    head = ["case", "what", "calls/s", "nginx's", "CPU µs a call (span)", "nginx's", "times nginx's CPU (interval)", "p99 µs", "MiB"]
    return table(head, rows)


def refusals(figures):
    served = find(figures, "free-get", "faregate")
    rows = []
    for case in CASES.values():
        row = find(figures, case.name, "faregate")
        if row and case.code:
            share = "%.2f" % (row["cpu_us_per_call"] / served["cpu_us_per_call"]) if served else "–"
            rows.append([str(case.code), case.what.removeprefix("refused: "), n(row["calls_per_s"]), cpu(row), share])
    return table(["code", "because of", "calls/s", "CPU µs a call (span)", "of a served call's"], rows)


def checks(figures):
    return "\n".join("- **%s**: %s." % (gateway, "; ".join(found)) for gateway, found in figures["checks"].items())


def latency_rows(latency):
    rows = [["gateway", "one connection: p50 µs", "p99 µs", "added p50", "added p99", "half of the maximum, calls/s", "p50 µs", "p99 µs", "p99.9 µs", "added p50", "added p99", "the load late by, p99 µs"]]
    for row in latency:
        one, half = row["one"], row["half"]
        rows.append([
            row["gateway"], n(one["p50_us"]), n(one["p99_us"]), n(one["added_p50_us"]), n(one["added_p99_us"]), n(half.get("rate")), n(half.get("p50_us")),
            n(half.get("p99_us")), n(half.get("p999_us")), n(half.get("added_p50_us")), n(half.get("added_p99_us")), n(half.get("late_p99_us"))])
    return rows


def homes_rows(homes):
    """Two tables: what calls cost, and what nonces do."""
    costs = [["call", "calls/s of both", "p50 µs", "p99 µs", "CPU µs a call: gateways", "Redis", "PostgreSQL"]]
    for row in homes["calls"]:
        costs.append([row["call"], n(row["calls_per_s"]), n(row["p50_us"]), n(row["p99_us"]), n(row["gateways_us_per_call"], 1),
                      n(row["redis_us_per_call"], 1), n(row["postgres_us_per_call"], 1)])
    nonces = [["live nonces", "of accounts", "bytes a nonce in Redis", "Redis's CPU µs a claim, by itself"]]
    for row in homes["nonces"]:
        nonces.append([n(row["n"]), n(row["accounts"]), n(row["bytes"], 1), n(row["redis_us_per_claim"], 1)])
    return costs, nonces


def scale_rows(scale):
    rows = [["what grows", "to", "calls/s", "CPU µs a call", "p99 µs", "MiB", "first answer after, ms"]]
    for point in scale:
        rows.append([
            point["curve"], n(point["n"]), n(point.get("calls_per_s")), n(point.get("cpu_us_per_call"), 1), n(point.get("p99_us")),
            n(point["rss_mib"], 1), n(point["start_ms"])])
    return rows
