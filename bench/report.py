"""What was measured, told: a table for the terminal, and docs/performance.md from docs/performance.json."""
import json
import re

from bench import chart, tables
from bench.places import ROOT, Problem

DOCUMENT = ROOT / "docs/performance.md"
FIGURES = ROOT / "docs/performance.json"
CHART = ROOT / "docs/performance.svg"


def text(document):
    """For people at a terminal."""
    parts = [tables.machine(document["machine"])]
    if "results" in document:
        rows = [["case", "gateway", "calls/s", "p50 us", "p99 us", "p99.9 us", "CPU us a call", "user", "kernel", "MiB", "CPU, times nginx"]]
        for row in document["results"]:
            low, high = row["cpu_us_per_call_span"]
            rows.append([
                row["case"], row["gateway"], "%.0f" % row["calls_per_s"], "%.0f" % row["p50_us"], "%.0f" % row["p99_us"],
                "%.0f" % row["p999_us"], "%.1f [%.1f, %.1f]" % (row["cpu_us_per_call"], low, high), "%.1f" % row["user_us_per_call"],
                "%.1f" % row["system_us_per_call"], "%.1f" % row["rss_mib"], tables.against(document, row["case"], row["gateway"], "nginx")])
        parts.append(columns(rows))
    if "latency" in document:
        parts.append("One connection, all on one core; at half of the maximum, at a constant rate:")
        parts.append(columns(tables.latency_rows(document["latency"])))
    if "scale" in document:
        parts.append("How cost grows:")
        parts.append(columns(tables.scale_rows(document["scale"])))
    if "homes" in document:
        parts.append("Two gateways on one PostgreSQL and one Redis; nonces in Redis:")
        parts.extend(columns(rows) for rows in tables.homes_rows(document["homes"]))
    for gateway, found in document.get("checks", {}).items():
        parts.append("checked, %s: %s" % (gateway, "; ".join(found)))
    for left in document["left_out"]:
        parts.append("left out, %s: %s" % (left["gateway"], left["why"]))
    return "\n".join(parts)


def columns(rows):
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) if at < 2 else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths))) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def keep(document):
    """Writes the figures down; parts that were not measured now stay as they were, each with its own machine."""
    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    about = {name: document[name] for name in ("machine", "rounds", "seconds", "quick", "left_out")}
    if "results" in document:
        kept["cases"] = {**about, **{name: document[name] for name in ("results", "ratios", "checks")}}
    for name in ("latency", "scale", "homes"):
        if name in document:
            kept[name] = {**about, name: document[name]}
    FIGURES.write_text(json.dumps(kept, indent=1) + "\n")


def render(check=False):
    """Writes the document and its chart from the figures; or says which files are not what they say."""
    if not FIGURES.exists():
        raise Problem("docs/performance.json is not there: scripts/bench all --write")
    kept = json.loads(FIGURES.read_text())
    text = DOCUMENT.read_text()
    missing = "Not measured yet: `scripts/bench %s --write`."
    parts = {"machine": "cases", "peers": "cases", "cases": "cases", "refusals": "cases", "checks": "cases", "latency": "latency", "scale": "scale", "homes": "homes"}
    sections = tables.sections(kept)
    for name, part in parts.items():
        made = sections.get(name, missing % part)
        begin, end = "<!-- %s: from performance.json -->" % name, "<!-- end -->"
        if begin not in text:
            raise Problem("docs/performance.md has no line `%s`" % begin)
        text = re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda _: "%s\n%s\n%s" % (begin, made, end), text, count=1, flags=re.S)
    stale = []
    for path, fresh in ((DOCUMENT, text), (CHART, chart.draw(kept["cases"]) if "cases" in kept else None)):
        if fresh is not None and (not path.exists() or path.read_text() != fresh):
            stale.append("docs/" + path.name)
            if not check:
                path.write_text(fresh)
    return stale if check else []
