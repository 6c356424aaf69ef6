"""Whether the figures that Breakwater gives of itself add up, and what its process holds. Python's standard library only.

The identities, once nothing is under way: what clients sent = what ended, by code; what ended = what the histogram counted =
the lines of the access log; of each backend attempts = successes + failures + ignored, by outcome and by the API; the
attempts of the access log = those of the backends.
"""

import json
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections import Counter
from pathlib import Path

# Of lb_backend_requests_total, what docs/metrics.md says of them.
IGNORED = {"client_aborted", "client_timeout", "local_error"}
# Gauges of what is under way.
IN_FLIGHT = ["lb_requests_in_flight", "lb_backend_in_flight"]
SILENCE_SECONDS = 5
POLL_SECONDS = 0.05

SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Figures:
    """One scrape."""

    def __init__(self, text):
        self.samples = []
        for line in text.splitlines():
            sample = None if line.startswith("#") else SAMPLE.match(line)
            if sample:
                name, labels, value = sample.groups()
                self.samples.append((name, dict(LABEL.findall(labels or "")), float(value)))

    def by(self, name, *labels, **where):
        """What the series of a meter come to for each value of these labels; zeros are left out."""
        sums = Counter()
        for sample, has, value in self.samples:
            if sample == name and all(has.get(key) == wanted for key, wanted in where.items()):
                sums[tuple(has[label] for label in labels)] += value
        return Counter({key: int(value) for key, value in sums.items() if value})

    def total(self, name, **where):
        return sum(self.by(name, **where).values())

    def outcomes(self, **where):
        return Counter({outcome: n for (outcome,), n in self.by("lb_backend_requests_total", "outcome", **where).items()})


class Log:
    """The access log in JSON, read as it grows."""

    def __init__(self, file):
        self.file = Path(file)
        self.offset = 0
        self.lines = 0
        self.attempts = 0
        self.by_code = Counter()
        self.by_reason = Counter()

    def read_on(self):
        if not self.file.exists():
            return
        with open(self.file, "rb") as file:
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self.offset += len(line)
                entry = json.loads(line)
                code = str(entry["status"]) if entry["status"] is not None else "client_closed"
                self.lines += 1
                self.attempts += entry["attempts"]
                self.by_code[entry["route"], code] += 1
                if entry["reason"] not in (None, "client_closed"):
                    self.by_reason[entry["route"], entry["reason"]] += 1

    def restarted(self):
        """The file has been begun anew, and all of the one before was read."""
        self.offset = 0


class Ledger:
    """The books of one running Breakwater."""

    def __init__(self, process, admin, log):
        self.process = process
        self.admin = f"http://127.0.0.1:{admin}"
        self.log = Log(log)

    def ask(self, path, method="GET"):
        request = urllib.request.Request(self.admin + path, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.read()

    def figures(self):
        return Figures(self.ask("/metrics").decode())

    def pools(self):
        """The backends of each pool, by its name."""
        return {pool["name"]: pool["backends"] for pool in json.loads(self.ask("/api/v1/pools"))["pools"]}

    def rotate(self):
        """Begins the access log anew, while nothing is under way: hours of it would fill the disk."""
        before = self.log.file.with_suffix(".before")
        self.log.file.rename(before)
        self.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + SILENCE_SECONDS
        while not self.log.file.exists():
            if time.monotonic() > deadline:
                return [f"no new access log {SILENCE_SECONDS} s after SIGUSR1"]
            time.sleep(POLL_SECONDS)
        before.unlink()
        self.log.restarted()
        return []

    def await_silence(self, connections=False):
        """Waits until nothing is under way; returns what still is after 5 s."""
        deadline = time.monotonic() + SILENCE_SECONDS
        while True:
            figures = self.figures()
            left = {name: figures.total(name) for name in IN_FLIGHT if figures.total(name)}
            for (side,), count in figures.by("lb_connections", "side").items() if connections else ():
                left[f"lb_connections {side}"] = count
            self.log.read_on()
            if not left and self.log.lines == figures.total("lb_requests_total"):
                return []
            if time.monotonic() > deadline:
                return [f"not 0 after {SILENCE_SECONDS} s of silence: {left}"] if left else []
            time.sleep(POLL_SECONDS)

    def broken(self, sent=None):
        """The identities that do not hold while nothing is under way; with how many requests clients have sent, if known."""
        figures, pools = self.figures(), self.pools()
        broken = []

        def equal(what, left, right):
            if left != right:
                broken.append(f"{what}: {left} and {right}")

        ended = figures.by("lb_requests_total", "route")
        if sent is not None:
            equal("requests sent, and ended", sent, sum(ended.values()))
        equal("requests by route, and of the histogram", ended, figures.by("lb_request_duration_seconds_count", "route"))
        equal("requests by code, and in the log", figures.by("lb_requests_total", "route", "code"), self.log.by_code)
        equal("rejections, and in the log", figures.by("lb_rejections_total", "route", "reason"), self.log.by_reason)
        equal("lines not written", figures.total("lb_log_dropped_total"), 0)
        outcomes = figures.by("lb_backend_requests_total", "pool", "backend", "outcome")
        attempts = Counter()
        verdicts = Counter()
        for (pool, backend, outcome), count in outcomes.items():
            attempts[pool, backend] += count
            if outcome == "stale_connection":
                continue  # it has cost a connection, and its attempt went on with another one
            verdict = "success" if outcome == "success" else "ignored" if outcome in IGNORED else "failure"
            verdicts[pool, backend, verdict] += count
        counted = figures.by("lb_backend_request_duration_seconds_count", "pool", "backend")
        equal("attempts by outcome, and of the histogram", attempts, counted)
        told = Counter()
        for pool, backends in pools.items():
            for each in backends:
                ignored = each["requests"] - each["successes"] - each["failures"]
                told[pool, each["id"], "success"] = each["successes"]
                told[pool, each["id"], "failure"] = each["failures"]
                told[pool, each["id"], "ignored"] = ignored
        equal("verdicts by outcome, and of the API", verdicts, +told)
        stale = figures.outcomes()["stale_connection"]
        equal("attempts, and in the log", sum(attempts.values()) - stale, self.log.attempts)
        return broken

    def holdings(self):
        """What the process holds: file descriptors, threads of Java, resident MiB, and used MiB of heap after a collection."""
        pid = self.process.pid
        resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        return {
            "fds": len(list(Path(f"/proc/{pid}/fd").iterdir())),
            "threads": self.figures().total("jvm_threads_live_threads"),
            "rss": int(resident.group(1)) // 1024,
            "heap": heap_mebibytes(pid),
        }


def heap_mebibytes(pid):
    """The heap that is in use after a collection; None without jcmd."""
    jcmd = shutil.which("jcmd")
    if jcmd is None:
        return None
    for command in ("GC.run", "GC.heap_info"):
        run = subprocess.run([jcmd, str(pid), command], capture_output=True, text=True, timeout=60)
        if run.returncode:
            return None
    # Generations of the serial collector; the others tell one sum.
    used = re.findall(r"(?:generation|heap) .*?used (\d+)K", run.stdout)
    return sum(map(int, used)) // 1024 if used else None
