"""Where everything is: folders, ports, the host that calls are signed for."""
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONF = ROOT / "bench/conf"
WORK = ROOT / "target/bench"
VENV = ROOT / "target/bench-venv"
# Signed calls are some 100 MB a round: they stay in memory where the machine lets them.
MEMORY = pathlib.Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else WORK

HOST = "cvm.api.example.test"
UPSTREAM = 9100


class Problem(Exception):
    """What ends the bench, said without a trace."""
