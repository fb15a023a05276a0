"""Medians, spans, and the intervals that rounds allow."""
import math
import statistics


def interval(values, wanted=0.95):
    """Bounds of the median by the sign test: no shape of the scatter is supposed. Few rounds: least and most."""
    ordered, n = sorted(values), len(values)
    k, tail = 0, 0.0
    while k < n // 2:
        tail += math.comb(n, k) / 2 ** n
        if 1 - 2 * tail < wanted:
            break
        k += 1
    return [ordered[max(0, k - 1)], ordered[n - max(1, k)]]


def summary(gateway, case, rows):
    """A gateway in a case: medians, and of what is compared the least and the most."""
    found = {"gateway": gateway, "case": case}
    for name in rows[0]:
        values = [row[name] for row in rows if row[name] is not None]
        found[name] = round(statistics.median(values), 1) if values else None
    for name in ("calls_per_s", "cpu_us_per_call", "p50_us", "p99_us"):
        found[name + "_span"] = [round(min(row[name] for row in rows), 1), round(max(row[name] for row in rows), 1)]
    found["rounds"] = len(rows)
    return found


def ratio(case, gateway, against, rows, other_rows, what):
    """Paired: each round's figure by the other's of the same round."""
    pairs = [row[what] / other[what] for row, other in zip(rows, other_rows)]
    low, high = interval(pairs)
    return {
        "case": case, "gateway": gateway, "against": against, "of": what, "median": round(statistics.median(pairs), 3),
        "interval": [round(low, 3), round(high, 3)], "span": [round(min(pairs), 3), round(max(pairs), 3)],
        "rounds": len(pairs)}
