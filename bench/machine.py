"""What it was measured on."""
import datetime
import os
import pathlib
import platform
import re
import subprocess

from bench.places import ROOT
from bench.processes import CORES, PINNED, Instructions


def said(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        return (done.stdout + done.stderr).strip()
    except OSError:
        return ""


def describe(binary):
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    model = re.search(r"model name\s*:\s*(.*)", cpuinfo)
    return {
        "at": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "cpu": model[1].strip() if model else platform.machine(), "cores": len(CORES),
        "guest": "hypervisor" in cpuinfo, "memory_gib": round(int(memory[1]) / 2**20), "linux": platform.release().split("-")[0],
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""), "pinned": PINNED,
        "load_before": round(os.getloadavg()[0], 1), "instructions": Instructions.can(),
        "faregate": said(str(binary), "--version").replace("faregate ", ""), "commit": said("git", "rev-parse", "--short", "HEAD"),
        "nginx": re.sub(r".*nginx/", "", said("nginx", "-v")), "haproxy": (re.findall(r"version ([\d.]+)", said("haproxy", "-v")) or [""])[0],
    }
