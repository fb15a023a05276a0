"""Child processes: started on their cores, measured, and ended with us, whatever ends us."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from bench.places import Problem

CORES = sorted(os.sched_getaffinity(0))
# With two cores or more the gateway has one for itself, and load and upstream share the others.
PINNED = len(CORES) >= 2
GATEWAY_CORES = CORES[:1]
OTHER_CORES = CORES[1:] or CORES
TICKS = os.sysconf("SC_CLK_TCK")


def pin(cores):
    return lambda: os.sched_setaffinity(0, cores)


class Children:
    """All that we started. `with Children() as children:` leaves none behind."""

    def __init__(self):
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in reversed(self.running[:]):
            self.stop(child)

    def start(self, command, port, log, cores=GATEWAY_CORES, env=None):
        """Starts a server and waits until it listens."""
        if listens(port):
            raise Problem("port %d is taken: is another bench running?" % port)
        with open(log, "ab") as out:
            child = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                # A session of its own: Ctrl-C reaches us alone, and we end them in order.
                start_new_session=True, preexec_fn=pin(cores), env={**os.environ, **(env or {})})
        self.running.append(child)
        # Millions of nonces take seconds to read.
        patience = time.monotonic() + 120
        while time.monotonic() < patience and child.poll() is None:
            if listens(port):
                return child
            time.sleep(0.002)
        said = pathlib.Path(log).read_text(errors="replace")[-2000:]
        raise Problem("%s does not listen on %d:\n%s" % (pathlib.Path(command[0]).name, port, said))

    def run(self, command, cores=OTHER_CORES, env=None, timeout=600):
        """Runs a program to its end: what it printed."""
        child = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True, preexec_fn=pin(cores), env={**os.environ, **(env or {})})
        self.running.append(child)
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Problem("%s did not end within %d s" % (command[0], timeout)) from None
        finally:
            self.stop(child)
        if child.returncode:
            raise Problem("%s: exit code %d\n%s" % (command[0], child.returncode, (out + err)[-2000:]))
        return out

    @contextlib.contextmanager
    def moved(self, pid, cores):
        """A process and its children on other cores, for a while."""
        before = {each: os.sched_getaffinity(each) for each in family(pid)}
        for each in before:
            os.sched_setaffinity(each, cores)
        try:
            yield
        finally:
            for each, old in before.items():
                os.sched_setaffinity(each, old)

    def stop(self, child):
        for service in getattr(child, "beside", ()):
            self.stop(service)
        if child in self.running:
            self.running.remove(child)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=5)
                break


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def family(pid):
    """A process and all that descend from it."""
    pids = [pid]
    for each in pids:
        for task in pathlib.Path("/proc/%d/task" % each).iterdir():
            with contextlib.suppress(OSError):
                pids.extend(map(int, (task / "children").read_text().split()))
    return pids


def cpu(pids):
    """Seconds of processor time so far: in all, by user code, by the kernel for it."""
    total = user = system = 0.0
    for pid in pids:
        fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
        user, system = user + int(fields[11]) / TICKS, system + int(fields[12]) / TICKS
        for task in pathlib.Path("/proc/%d/task" % pid).iterdir():
            # Nanoseconds; the other two come in ticks of a hundredth.
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0]) / 1e9
    return (total or user + system), user, system


def rss_mib(pids):
    """Resident memory; what several processes share is counted once, in the parts that each has of it."""
    total = 0
    for pid in pids:
        try:
            total += int(re.search(r"^Pss:\s+(\d+)", pathlib.Path("/proc/%d/smaps_rollup" % pid).read_text(), re.M)[1])
        except OSError:
            total += int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path("/proc/%d/status" % pid).read_text())[1])
    return total / 1024


class Instructions:
    """Counts instructions of processes with perf, where the machine can."""

    _can = None

    def __init__(self, pids):
        self.perf = None
        if self.can():
            self.perf = subprocess.Popen(
                ["perf", "stat", "-x", ";", "-e", "instructions", "-p", ",".join(map(str, pids))],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)

    @classmethod
    def can(cls):
        if cls._can is None:
            try:
                said = subprocess.run(
                    ["perf", "stat", "-x", ";", "-e", "instructions", "true"], capture_output=True, text=True).stderr
            except OSError:
                said = ""
            cls._can = re.search(r"^\d+;", said, re.M) is not None
        return cls._can

    def end(self):
        """How many; None where nobody can say."""
        if self.perf is None:
            return None
        self.perf.send_signal(signal.SIGINT)
        found = re.search(r"^(\d+);", self.perf.communicate()[1], re.M)
        return int(found[1]) if found else None
