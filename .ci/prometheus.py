"""Lets replicas fail behind a real balancer that a real Prometheus scrapes each second, and sees that every query of
the alerts, of the dashboard and of docs/metrics.md has something to show, and that every alert fires and resolves.

The alerts run twice. As shipped, they are parsed, and their expressions are asked for over the whole run. To see them
fire and resolve within it, a copy has every `for` shortened to 2 s and every window of minutes to 15 s (`hasty` below);
thresholds and selectors are the same.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from pathlib import Path

from dashboard import Dashboard

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
# Everything here waits for a condition; the limit is for machines that are busy with something else.
PATIENCE_SECONDS = 90
RELOAD = "/api/v1/reload"

# conf/replicas.conf with replicas of ours and shorter times, and beside it what it does not have: a queue, and a pool
# that has one replica by two names, asks each for one thing at a time, only observes, and may retry half its requests.
BALANCER = """
include file("%(root)s/conf/replicas.conf")
lb {
  pools.replicas {
    backends = [%(replicas)s]
    breaker.cooldown = 1s
    health-check { interval = 1s, timeout = 1s, fall = 2, rise = 1, unhealthy-interval = 500ms }
    slow-start.enabled = false
  }
  routes += {
    name = trial, path = "/trial", pool = trial, rewrite = "/backend/resource"
    fallback-on = [unavailable], fallback = [{ type = queue, dir = "%(queue)s" }]
  }
  pools.trial = ${lb.pools.replicas} {
    backends = [
      { url = "http://localhost:%(trial)d", id = trial-1 }
      { url = "http://127.0.0.1:%(trial)d", id = trial-2 }
    ]
    breaker.mode = observe
    concurrency.max-per-backend = 1
    retries { max = 1, budget { ratio = 50%%, min-per-second = 0 } }
    timeouts.response-head = 1500ms
  }
  access-log { format = %(log)s, file = "/dev/full" }
}
"""


class Failed(Exception):
    pass


def say(text):
    print(f"{time.monotonic() - BEGAN:5.1f} s  {text}", flush=True)


def ask(url, method="GET", body=None):
    request = urllib.request.Request(url, method=method, data=body)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read().decode()


def await_(what, condition, instead=lambda: ""):
    """The condition's first answer that is true; it is asked ten times a second. `instead` tells what is seen else."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if answer := condition():
                return answer
        time.sleep(0.1)
    raise Failed(f"not within {PATIENCE_SECONDS} s: {what} {instead()}".strip())


class Process:
    """A program that runs until it is told to stop, and its output; what one of the same name said before is gone."""

    def __init__(self, folder, name, *command, **environment):
        self.name = name
        self.output = folder / f"{name}.log"
        with self.output.open("w") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env={**os.environ, **environment}
            )

    def said(self, pattern):
        def seen():
            if self._process.poll() is not None:
                raise Failed(f"{self.name} ended:\n{self.output.read_text()}")
            return re.findall(pattern, self.output.read_text())

        return await_(f"{self.name} says {pattern}", seen)[0]

    def end(self, how=signal.SIGTERM):
        self._process.send_signal(how)
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()


class Replica:
    """`lb backend`, which can be told to fail, and can be killed."""

    def __init__(self, folder, name):
        self._folder, self._name = folder, name
        self.start(0)

    def start(self, port):
        # Small and soon warm: there are several beside the balancer.
        java = "-Xms16m -Xmx64m -XX:TieredStopAtLevel=1"
        lb = str(ROOT / "lb")
        self._process = Process(self._folder, self._name, lb, "backend", "--port", str(port), JAVA_OPTS=java)

    @property
    def port(self):
        return int(self._process.said(r"replica ready on http://localhost:(\d+)\n"))

    def behave(self, mode, rate=1.0):
        fault = json.dumps({"mode": mode, "rate": rate}).encode()
        ask(f"http://localhost:{self.port}/faults", "PUT", fault)

    @contextlib.contextmanager
    def dead(self):
        port = self.port
        self.end(signal.SIGKILL)
        yield
        self.start(port)

    def end(self, how=signal.SIGTERM):
        self._process.end(how)


class Load:
    """A few clients, each with one connection and a request every so often, and what they were answered."""

    def __init__(self, port):
        self._port = port
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = []
        self.answers = Counter()

    def start(self, route, path, clients, pause):
        for _ in range(clients):
            thread = threading.Thread(target=self._client, args=(route, path, pause), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _client(self, route, path, pause):
        connection = http.client.HTTPConnection("localhost", self._port, timeout=PATIENCE_SECONDS)
        while not self._stop.wait(pause):
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                response.read()
                answer = str(response.status)
            except (OSError, http.client.HTTPException) as e:
                connection.close()
                answer = repr(e)
            with self._lock:
                self.answers[route, answer] += 1

    def end(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()


class Balancer:
    def __init__(self, folder, replicas, trial):
        self._config = folder / "lb.conf"
        self._values = {
            "root": ROOT,
            "replicas": ", ".join(
                f'{{ url = "http://localhost:{replica.port}", id = replica-{i} }}'
                for i, replica in enumerate(replicas, 1)
            ),
            "trial": trial.port,
            "queue": folder / "queue",
        }
        self._configure("off")
        lb = str(ROOT / "lb")
        self._process = Process(folder, "balancer", lb, "-c", str(self._config), PORT="0", ADMIN_PORT="0")
        ready = r"breakwater ready on http://localhost:(\d+) \(admin http://127\.0\.0\.1:(\d+)\)"
        listen, admin = self._process.said(ready)
        self.port = int(listen)
        self.admin = f"127.0.0.1:{admin}"

    def _configure(self, log):
        self._config.write_text(BALANCER % {**self._values, "log": log})

    def log_to_a_full_disk(self, yes):
        self._configure("json" if yes else "off")
        ask(f"http://{self.admin}{RELOAD}", "POST")

    def refuse_a_reload(self):
        good = self._config.read_text()
        self._config.write_text(good + "lb.unknown = 1\n")
        try:
            ask(f"http://{self.admin}{RELOAD}", "POST")
        except urllib.error.HTTPError as e:
            if e.code != 422:
                raise
        else:
            raise Failed("an unknown key was not refused")
        self._config.write_text(good)

    def metrics(self):
        return ask(f"http://{self.admin}/metrics")

    def circuit(self, backend):
        pools = json.loads(ask(f"http://{self.admin}/api/v1/pools"))["pools"]
        return next(b["breaker"]["state"] for pool in pools for b in pool["backends"] if b["id"] == backend)

    def end(self):
        self._process.end()


def hasty(rules):
    """The rules with every `for` shortened to 2 s, every window of minutes to 15 s, in a group of another name."""
    for pattern, replacement in ((r"for: \d+[smh]", "for: 2s"), (r"\[\d+m\]", "[15s]"), (r"name: \w+", r"\g<0>-hasty")):
        rules, changes = re.subn(pattern, replacement, rules)
        if not changes:
            raise Failed(f"alerts.yml has nothing like {pattern}")
    return rules


class Prometheus:
    """As deploy/prometheus configures it, but for the address of the balancer, the pace, and the hasty copy."""

    def __init__(self, folder, target):
        shutil.copy(DEPLOY / "prometheus/alerts.yml", folder / "alerts.yml")
        (folder / "hasty.yml").write_text(hasty((DEPLOY / "prometheus/alerts.yml").read_text()))
        config = (DEPLOY / "prometheus/prometheus.yml").read_text()
        for ours, theirs in (
            ("balancer:9901", target),
            ("scrape_interval: 5s", "scrape_interval: 1s"),
            ("evaluation_interval: 5s", "evaluation_interval: 1s"),
            ("- alerts.yml", "- alerts.yml\n  - hasty.yml"),
        ):
            if ours not in config:
                raise Failed(f"prometheus.yml has no {ours}")
            config = config.replace(ours, theirs)
        (folder / "prometheus.yml").write_text(config)
        self._process = Process(
            folder,
            "prometheus",
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            "--web.listen-address=127.0.0.1:0",
        )
        port = self._process.said(r'msg="Listening on".* address=127\.0\.0\.1:(\d+)')
        self._url = f"http://127.0.0.1:{port}/api/v1/"
        self._process.said("Server is ready to receive web requests")

    def _ask(self, path, **parameters):
        url = self._url + path + "?" + urllib.parse.urlencode(parameters)
        try:
            return json.loads(ask(url))["data"]
        except urllib.error.HTTPError as e:
            raise Failed(f"{parameters}: {json.loads(e.read())['error']}") from e

    def instant(self, query):
        return self._ask("query", query=query)["result"]

    def ever(self, query, start):
        """Whether the query has had a value at any second since then."""
        series = self._ask("query_range", query=query, start=start, end=time.time(), step=1)["result"]
        return any(value != "NaN" for one in series for _, value in one["values"])

    def label_values(self, selector, label):
        return self._ask(f"label/{label}/values", **{"match[]": selector})

    def rules(self, file):
        groups = self._ask("rules")["groups"]
        return [rule for group in groups if group["file"].endswith(f"/{file}") for rule in group["rules"]]

    def active(self, *states):
        """The hasty alerts in these states, or in any, with what they name: `LbBackendDown replicas replica-1`."""

        def named(labels):
            return " ".join(labels[name] for name in ("alertname", "pool", "backend", "route") if name in labels)

        return {
            named(alert["labels"])
            for rule in self.rules("hasty.yml")
            for alert in rule["alerts"]
            if not states or alert["state"] in states
        }

    def await_firing(self, *alerts):
        await_(f"firing: {', '.join(alerts)}", lambda: self.active("firing") >= set(alerts), self.active)
        say(f"firing: {', '.join(sorted(alerts))}")

    def await_silence(self, but=None):
        await_("no alert is active", lambda: self.active() <= {but}, self.active)
        say("no alert is active" + (f" but {but}" if but else ""))

    def end(self):
        self._process.end()


def check_metrics(balancer):
    """Prometheus' own linter has nothing to say."""
    check = subprocess.run(["promtool", "check", "metrics"], input=balancer.metrics(), capture_output=True, text=True)
    if check.returncode or check.stdout.strip() or check.stderr.strip():
        raise Failed(f"promtool check metrics:\n{check.stdout}{check.stderr}")
    say("promtool check metrics: no error, no warning")


def check_dashboard(dashboard):
    problems = list(dashboard.problems())
    if problems:
        raise Failed(f"{dashboard.path}:\n" + "\n".join(problems))
    say(f"{dashboard.path.relative_to(ROOT)}: {len(dashboard.panels)} panels are well-formed")


def check_runbooks(rules):
    """Every alert says how grave it is and what to do; the page that it names has a heading for it."""
    for rule in rules:
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
        if anchor != rule["name"].lower() or anchor not in (h.lower() for h in headings):
            raise Failed(f"{rule['name']}: {page}#{anchor} is not there")
        if rule["labels"]["severity"] not in ("critical", "warning"):
            raise Failed(f"{rule['name']}: severity {rule['labels']['severity']}")
        if not rule["annotations"]["summary"] or not rule["annotations"]["description"]:
            raise Failed(f"{rule['name']}: no summary or no description")
    say(f"{len(rules)} alerts have severity, summary, description and a heading in their runbook")


def documented_queries():
    """The rows of the table of docs/metrics.md, each of which is a question and one query."""
    text = (ROOT / "docs/metrics.md").read_text().partition("## Questions and their queries")[2]
    rows = re.findall(r"^\| ([^|]+\?) \| `([^`]+)` \|$", text, re.MULTILINE)
    if not rows or len(rows) != len(re.findall(r"^\| .*\?", text, re.MULTILINE)):
        raise Failed("docs/metrics.md: a row of the table of queries is not a question and one query")
    return rows


def check_counts(prometheus, load):
    """Prometheus has counted each request that a client made, once, with the status that it got."""

    def counted():
        return {
            (one["metric"]["route"], one["metric"]["code"]): int(one["value"][1])
            for one in prometheus.instant('sum by (route, code) (lb_requests_total{route!~"none|health"}) > 0')
        }

    await_(f"counted as by the clients, {load.answers}", lambda: counted() == load.answers, counted)
    answers = ", ".join(f"{route} {code}: {count}" for (route, code), count in sorted(load.answers.items()))
    say(f"clients and lb_requests_total agree ({answers})")


def check_queries(prometheus, dashboard, start):
    """Each query has had a value at some second of the run."""
    alerts = prometheus.rules("alerts.yml")
    queries = [(f"alert {rule['name']}", rule["query"]) for rule in alerts]
    queries += [(f"panel {title}", query) for title, query in dashboard.queries()]
    queries += [(f"docs/metrics.md: {question}", query) for question, query in documented_queries()]
    empty = [f"{where}: {query}" for where, query in queries if not prometheus.ever(query, start)]
    variables = dashboard.label_values()
    empty += [f"variable {label}: {query}" for query, label in variables if not prometheus.label_values(query, label)]
    if empty:
        raise Failed("never had a value:\n" + "\n".join(empty))
    say(f"{len(queries)} queries of alerts, dashboard and docs/metrics.md had values, so had the dashboard's variables")
    check_runbooks(alerts)


def flap(replica, name, balancer, prometheus):
    """Fails until its circuit opens, works until it closes, again and again until somebody is told."""

    def flaps():
        replica.behave("error")
        await_(f"{name} opens", lambda: balancer.circuit(name) == "open")
        replica.behave("ok")
        await_(f"{name} closes", lambda: balancer.circuit(name) == "closed")
        return alert in prometheus.active("firing")

    alert = f"LbCircuitFlapping replicas {name}"
    await_(f"firing: {alert}", flaps)
    say(f"firing: {alert}")


def run(folder, stack):
    dashboard = Dashboard(DEPLOY / "grafana/dashboards/breakwater.json")
    check_dashboard(dashboard)

    def started(made):
        stack.callback(made.end)
        return made

    subprocess.run([ROOT / "lb", "--version"], check=True)
    trial, *replicas = [started(Replica(folder, name)) for name in ("trial", "replica-1", "replica-2", "replica-3")]
    balancer = started(Balancer(folder, replicas, trial))
    prometheus = started(Prometheus(folder, balancer.admin))
    load = started(Load(balancer.port))
    start = time.time()

    load.start("/api/resource", "/api/resource", clients=4, pause=0.1)
    load.start("trial", "/trial", clients=6, pause=0.25)
    await_("requests are scraped", lambda: prometheus.instant("rate(lb_requests_total[15s]) > 0"))
    if [one["value"][1] for one in prometheus.instant('up{job="breakwater"}')] != ["1"]:
        raise Failed("up is not 1")
    check_metrics(balancer)
    prometheus.await_silence()

    say("a replica is killed, another pool's answers 500, the log's disk is full, a reload is refused")
    with replicas[0].dead():
        trial.behave("error")
        balancer.log_to_a_full_disk(True)
        balancer.refuse_a_reload()
        prometheus.await_firing("LbBackendDown replicas replica-1", "LbCircuitOpen replicas replica-1")
        prometheus.await_firing("LbHighErrorRate trial", "LbRetryBudgetExhausted trial")
        prometheus.await_firing("LbLogDropped", "LbConfigReloadFailed")
        wrong = {"LbNoHealthyBackends replicas", "LbAllCircuitsOpen replicas", "LbHighErrorRate /api/resource"}
        if wrong := wrong & prometheus.active("firing"):
            raise Failed(f"two of three replicas work, but: {wrong}")

    say("the replica is back, another one fails now and then, the other pool's hangs")
    trial.behave("hang")
    flap(replicas[1], "replica-2", balancer, prometheus)
    prometheus.await_firing("LbLatencyP99 trial", "LbOverloaded trial")

    say("all replicas answer 500, the other pool's is killed")
    with trial.dead():
        for replica in replicas:
            replica.behave("error")
        prometheus.await_firing("LbAllCircuitsOpen replicas", "LbNoHealthyBackends trial")

    say("everything works again")
    for replica in replicas:
        replica.behave("ok")
    balancer.log_to_a_full_disk(False)
    prometheus.await_silence()

    load.end()
    check_counts(prometheus, load)
    say("the balancer stops")
    balancer.end()
    prometheus.await_firing("LbDown")
    prometheus.await_silence(but="LbDown")
    check_queries(prometheus, dashboard, start)


def main():
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        try:
            run(Path(folder), stack)
        except (Failed, OSError) as e:
            for log in sorted(Path(folder).glob("*.log")):
                print(f"--- {log.name}\n{log.read_text()}", file=sys.stderr)
            sys.exit(f".ci/prometheus: {e}")


BEGAN = time.monotonic()
main()
