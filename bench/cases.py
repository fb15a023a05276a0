"""The cases: which calls, for which gateways, and what each must be answered."""
import dataclasses
import itertools
import json
import random

from bench import calls
from bench.calls import v2_get, v2_post
from bench.faregate import N_BATCH

ALL = ("nginx", "haproxy", "envoy", "floor", "nginx+lua", "envoy+lua", "envoy+asks", "faregate")
PAIR = ("nginx", "faregate")
ALONE = ("faregate",)
ACCOUNTS, ACTIONS = 10_000, 1_000


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    what: str
    gateways: tuple
    # From the world, calls without end.
    requests: object
    code: int = 0
    # How many requests a call makes of the upstream.
    upstream: int = 1
    tls: bool = False
    # A connection and a handshake for each call.
    cold: bool = False
    # The same calls may come again and again: all are refused, or that is the case.
    again: bool = False
    settings: dict = dataclasses.field(default_factory=dict)
    needs_fill: bool = False
    # The least that an answer has.
    bytes: int = 0
    # Others are compared with this one: it gets a round more when there is little time.
    headline: bool = False


def forever(make):
    return lambda world: (make(world) for _ in itertools.repeat(None))


def free(world):
    return v2_get(world.key, "DescribeInstances")


def replayed(world):
    return itertools.repeat(free(world))


def filled_key(at, kind="bench"):
    name = "AKID%s%08d" % (kind, at)
    return name, "secret" + name


def of_many(_):
    draw = random.Random(8)
    while True:
        key, action = filled_key(draw.randrange(ACCOUNTS)), "DescribeMore%d" % draw.randrange(ACTIONS)
        yield v2_get(key, action)


def named(name, what, gateways, make, **more):
    return Case(name, what, gateways, forever(make), **more)


def refusal(code, what, make, **more):
    return named("refuse-%d" % code, what, ALONE, make, code=code, upstream=0, **more)


BATCH = tuple(("instanceIds.%d" % at, "ins-%08d" % at) for at in range(N_BATCH))
TOO_MANY = (("limit", "999"), ("offset", "0"), ("status", "RUNNING"))

CASES = {case.name: case for case in (
    named("free-get", "a free call, v2, GET, HmacSHA1", ALL, free, headline=True),
    named("free-get-logged", "the same, an access log on each side", PAIR, free, settings={"logged": True}),
    named("v2-post", "a free call, v2, POST of a form, HmacSHA256", PAIR,
          lambda world: v2_post(world.key, "DescribeInstances", sha="HmacSHA256")),
    Case("tc3-post", "TC3-HMAC-SHA256, POST of 1 KiB JSON", PAIR, lambda world: calls.tc3_1k(world.key)),
    named("tls", "the free call over TLS 1.3, kept alive", PAIR, free, tls=True, headline=True),
    named("tls-cold", "the free call, a TLS 1.3 handshake for each", PAIR,
          lambda world: v2_get(world.key, "DescribeInstances", close=True), tls=True, cold=True),
    named("answer-4k", "an answer of 4 KiB", PAIR, lambda world: v2_get(world.key, "DescribeLarge", ()), bytes=4_000),
    named("answer-64k", "an answer of 64 KiB", PAIR, lambda world: v2_get(world.key, "DescribeLargest", ()), bytes=64_000),
    named("disk", "the free call, nonces safe from a power cut", PAIR, free, settings={"durability": "disk"}),
    named("purchase", "a call with a price: reserved, sent, booked, each on disk", PAIR,
          lambda world: v2_post(world.key, "RunInstances", (("goodsNum", "1"),))),
    named("batch-10", "a batch of 10 instances: 10 owners, 10 upstream calls", ALONE,
          lambda world: v2_get(world.key, "RestartInstances", BATCH), upstream=N_BATCH),
    Case("accounts", "10,000 accounts and 1,000 actions, drawn at random", PAIR, of_many,
         settings={"n_actions": ACTIONS}, needs_fill=True),
    refusal(4000, "refused: a parameter out of range", lambda world: v2_get(world.key, "DescribeInstances", TOO_MANY)),
    refusal(4100, "refused: a wrong signature", lambda world: v2_get((world.key[0], "another"), "DescribeInstances")),
    refusal(4400, "refused: more than the action's quota", lambda world: v2_get(world.key, "DescribeScarce")),
    Case("refuse-4500", "refused: a copy", ALONE, replayed, code=4500, upstream=0, again=True),
    refusal(5000, "refused: an instance that is nobody's",
            lambda world: v2_get(world.key, "DescribeInstance", (("instanceId", "ins-nobody"),))),
)}


def code_of(body):
    """The code of an answer, in either envelope; None where there is none."""
    answer = json.loads(body)
    if "Response" in answer:
        return answer["Response"].get("Error", {}).get("Code", 0)
    return answer.get("code")
