"""Before anything is timed: does each gateway do what it claims? It fails loudly where one does not."""
import ssl
import time

from bench import calls, upstream
from bench.cases import code_of
from bench.gateways import LIMITED
from bench.places import Problem


def tls():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def of(gateway, world):
    """Every claim of a gateway, tried: what was found, a sentence each."""
    found = []

    def expect(what, request, codes, reaches):
        before = upstream.arrived()
        status, body = calls.ask(gateway.port, request)
        went = upstream.arrived() - before
        code = code_of(body) if gateway.claims else status
        if code not in codes or went != reaches:
            raise Problem("%s: %s: answered %s and sent %d requests on, where %s and %d were due:\n%s" % (
                gateway.name, what, code, went, " or ".join(map(str, codes)), reaches, body[:500].decode(errors="replace")))
        found.append("%s: %s" % (what, code))

    key, action = world.key, "DescribeInstances"
    good = calls.v2_get(key, action)
    expect("a good call", good, (0,) if gateway.claims else (200,), 1)
    if "signature" in gateway.claims:
        changed = calls.v2_get(key, action).replace(b"limit=20", b"limit=21")
        expect("one byte changed", changed, (4100,), 0)
        expect("an unknown key", calls.v2_get(("AKIDnobody", "x"), action), (4100,), 0)
    if "window" in gateway.claims:
        for what, by in (("a stamp of long ago", -8000), ("a stamp of the future", 8000)):
            expect(what, calls.v2_get(key, action, stamp=time.time() + by), (4200, 4500), 0)
    if "replay" in gateway.claims:
        expect("the same call again", good, (4500,), 0)
    else:
        expect("the same call again, which nobody forbade", good, (200,), 1)
    if "rate" in gateway.claims:
        found.append("a burst: %d of 20 refused" % burst(gateway, world))
    return found


def burst(gateway, world):
    """20 calls at once of what may be called 5 times a second: some pass, most are refused."""
    key, action = (world.key, "DescribeScarce") if gateway.name == "faregate" else (LIMITED, "DescribeInstances")
    codes = [code_of(calls.ask(gateway.port, calls.v2_get(key, action))[1]) for _ in range(20)]
    refused = codes.count(4400)
    # The Lua gates count by the second of the clock, and 20 calls may lie in two of them.
    if not 10 <= refused <= 15 or set(codes) != {0, 4400}:
        raise Problem("%s: of a burst of 20 at 5 a second, 10 to 15 are refused with 4400; it answered %s" % (gateway.name, codes))
    return refused


def case(gateway, world, made):
    """One call of a case, tried before and after each load."""
    port = gateway.tls_port if made.tls else gateway.port
    requests = made.requests(world)
    tries = 1
    if made.code == 4400:
        # The quota is there until it is used up.
        tries = 30
    elif made.code == 4500:
        tries = 2
    request = next(requests)
    for _ in range(tries):
        status, body = calls.ask(port, request, tls() if made.tls else None)
        request = next(requests)
        as_due = code_of(body) == made.code if gateway.claims else status == 200
        if as_due and len(body) >= made.bytes:
            return
    raise Problem("%s, %s: answered %d %s where code %d was due" % (
        gateway.name, made.name, status, body[:500].decode(errors="replace"), made.code))
