"""What the comparisons share: the processes that they start, ports, and waiting. Python's standard library only."""

import contextlib
import os
import random
import select
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


def await_port(port, process):
    def listens():
        if process.poll() is not None:
            raise Failed(f"{process.args} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            return False

    await_true(listens, START_SECONDS, f"a listener on {port}")


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
