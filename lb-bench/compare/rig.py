"""What the comparisons share: processes, what the kernel charges them, ports, and waiting. Python's standard library only."""

import contextlib
import os
import random
import re
import select
import shutil
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Debian keeps servers where PATH of an ordinary user does not lead.
PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin"

START_SECONDS = 30
BUILD_SECONDS = 900
POLL_SECONDS = 0.02

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Skip(Exception):
    """The machine lacks something that the comparison needs."""


class Failed(Exception):
    """A run that cannot be trusted, or a promise that does not hold."""


class Processes:
    """What this script started, and nothing else, is ended when it is over."""

    def __init__(self, log):
        self.log = log
        self.started = []

    def start(self, command, **options):
        process = subprocess.Popen(command, stderr=self.log, start_new_session=True, **options)
        self.started.append(process)
        return process

    def end(self, *processes):
        """Ends these, or all."""
        ending = list(processes or reversed(self.started))
        for process in ending:
            if process.poll() is None:
                process.terminate()
        for process in ending:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    with contextlib.suppress(OSError):
                        stream.close()
            self.started.remove(process)


def tree(pid):
    """A process and all that descend from it."""
    pids = [pid]
    for each in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{each}/task").glob("*/children"):
                pids.extend(int(child) for child in task.read_text().split())
    return pids


def cpu_seconds(pid):
    """What the kernel has charged a process and its descendants, those included that have ended and were waited for."""
    ticks = 0
    for each in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # Behind the last parenthesis, for the name may contain anything: state is field 3, utime 14, cstime 17.
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS_PER_SECOND


def resident_bytes(pid):
    """The resident sets of a process and its descendants, now and at their largest, added up."""
    now = peak = 0
    for each in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            status = Path(f"/proc/{each}/status").read_text()
            now += int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE).group(1)) * 1024
            peak += int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE).group(1)) * 1024
    return now, peak


def allocated_bytes(pid):
    """What the threads of a JVM have allocated so far, to the MiB, as its thread dump tells; None without a jcmd."""
    home = os.environ.get("JAVA_HOME")
    jcmd = shutil.which("jcmd", path=f"{home}/bin") if home else shutil.which("jcmd")
    if jcmd is None:
        return None
    dump = subprocess.run([jcmd, str(pid), "Thread.print", "-e"], capture_output=True, text=True, timeout=30)
    found = re.findall(r"allocated=(\d+)([BKMG]?)", dump.stdout)
    if not found:
        return None
    return sum(int(number) * {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[unit] for number, unit in found)


def free_ports(count):
    """Ports below those that the system gives to outgoing connections, which might take that of a dead replica."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = set()
    while len(ports) < count:
        port = random.randrange(10_000, lowest)
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            ports.add(port)
    return list(ports)


def await_true(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)


def await_port(port, process, seconds=START_SECONDS):
    def listens():
        if process.poll() is not None:
            raise Failed(f"{process.args} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            return False

    await_true(listens, seconds, f"a listener on {port}")


def line_of(process, seconds=START_SECONDS):
    """The next line that a process prints."""
    if not select.select([process.stdout], [], [], seconds)[0]:
        raise Failed(f"{process.args} said nothing for {seconds} s")
    line = process.stdout.readline()
    if not line:
        raise Failed(f"{process.args} ended with {process.wait()}")
    return line.decode().strip()


def say(process, command, seconds=START_SECONDS):
    process.stdin.write(f"{command}\n".encode())
    process.stdin.flush()
    return line_of(process, seconds)


def first_line(command):
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_SECONDS)
    return (run.stdout + run.stderr).splitlines()[0]
