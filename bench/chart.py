"""docs/performance.svg: CPU a call of every gateway, as bars. Plain SVG, readable on light and on dark, no font from outside."""
from bench.gateways import GATEWAYS
from bench.tables import find

STYLE = """text { font: 13px system-ui, sans-serif; fill: #24292f } .small { font-size: 11px; fill: #57606a }
 .user { fill: #2f6fbf } .kernel { fill: #9db8d8 } .ours .user { fill: #bf5b17 } .ours .kernel { fill: #e0b48f } line { stroke: #8c959f }
 @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9da7b1 }
 .user { fill: #6ea8fe } .kernel { fill: #35527a } .ours .user { fill: #f0883e } .ours .kernel { fill: #7d4a1f } }"""
LEFT, RIGHT, BAR, GAP, TOP = 110, 120, 20, 10, 56


def draw(figures):
    """One bar a gateway: what its own code took, then what the kernel took for it; the span of the rounds as a line."""
    rows = [row for name in GATEWAYS if (row := find(figures, "free-get", name))]
    rows.sort(key=lambda row: row["cpu_us_per_call"])
    most = max(row["cpu_us_per_call_span"][1] for row in rows)
    width, height = 720, TOP + len(rows) * (BAR + GAP) + 30
    scale = (width - LEFT - RIGHT) / most
    title = "CPU microseconds a call of the gateway alone"
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s: %s">' % (
            width, height, title, ", ".join("%s %.1f" % (row["gateway"], row["cpu_us_per_call"]) for row in rows)),
        "<style>%s</style>" % STYLE, '<text x="8" y="22">%s</text>' % title,
        '<text class="small" x="8" y="40">the free call; dark: its own code, light: the kernel for it, the line: least and most of %d rounds</text>' % figures["rounds"]]
    for at, row in enumerate(rows):
        y = TOP + at * (BAR + GAP)
        user, system = row["user_us_per_call"], row["system_us_per_call"]
        # The two parts are medians of their own, and need not add up to the median of the whole.
        whole = row["cpu_us_per_call"]
        split = whole * user / (user + system) if user + system else whole
        low, high = row["cpu_us_per_call_span"]
        parts.append('<g class="%s">' % ("ours" if row["gateway"] == "faregate" else "other"))
        parts.append('<text x="%d" y="%d" text-anchor="end">%s</text>' % (LEFT - 8, y + 15, row["gateway"]))
        parts.append('<rect class="user" x="%d" y="%d" width="%.1f" height="%d"/>' % (LEFT, y, split * scale, BAR))
        parts.append('<rect class="kernel" x="%.1f" y="%d" width="%.1f" height="%d"/>' % (LEFT + split * scale, y, (whole - split) * scale, BAR))
        parts.append('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>' % (LEFT + low * scale, y + BAR // 2, LEFT + high * scale, y + BAR // 2))
        parts.append('<text x="%.1f" y="%d">%.1f µs</text></g>' % (LEFT + max(whole, high) * scale + 8, y + 15, whole))
    checking = "nginx, haproxy, envoy and floor check nothing; those with + check four things and forget them at a restart"
    parts.append('<text class="small" x="8" y="%d">%s</text>' % (height - 10, checking))
    return "\n".join(parts) + "\n</svg>\n"
