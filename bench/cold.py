"""A load of cold handshakes: each call has a connection and a whole TLS handshake of its own.

wrk resumes the session of the connection before, so it would measure something else. Python's ssl never does unless
it is told to. This client, not the gateway, is what bounds the calls a second: what counts is the gateway's CPU a call.

python3 -m bench.cold PORT SECONDS CONNECTIONS CALLS
"""
import json
import sys
import threading
import time

from bench import calls, checks


def records(path):
    with open(path, "rb") as file:
        while length := file.read(6):
            yield file.read(int(length))


def main(port, seconds, connections, path):
    context, lock, left, took, broken = checks.tls(), threading.Lock(), records(path), [], []
    began = time.monotonic()

    def work():
        while time.monotonic() - began < seconds:
            with lock:
                request = next(left, None)
            if request is None:
                broken.append("the calls are used up")
                return
            start = time.monotonic()
            try:
                calls.ask(port, request, context)
            except OSError as e:
                broken.append(str(e))
                return
            took.append(time.monotonic() - start)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    us = int((time.monotonic() - began) * 1e6)
    ordered = sorted(took) or [0]
    at = lambda share: round(ordered[int((len(ordered) - 1) * share)] * 1e6, 1)
    print("FOUND " + json.dumps({
        "answered": len(took), "us": us, "p50_us": at(0.5), "p99_us": at(0.99), "p999_us": at(0.999),
        "broken": len(broken), "status": 0, "wrapped": 0}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
