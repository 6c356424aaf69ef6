"""What `speed` measures: the scenarios, and the targets that their figures are held against."""

from dataclasses import dataclass, field

KIB, MIB = 1 << 10, 1 << 20

# What a browser sends beside Host.
BROWSER_FIELDS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Referer: http://shop.example.com/catalogue?page=3",
    "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark; consent=yes",
    "DNT: 1",
    "Upgrade-Insecure-Requests: 1",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
    "Priority: u=0, i",
)

# The peers that have what a scenario needs: a listener with TLS, health checks, an access log that can be set.
SERVERS = ("haproxy", "nginx")
ALL_PEERS = ("haproxy", "nginx", "gateway", "vertx")


@dataclass(frozen=True)
class Setup:
    """How a proxy is started, and before what."""

    tls: bool = False
    access_log: bool = False
    metrics: bool = True
    replicas: int = 3
    routes: int = 1
    # One of the replicas has no listener.
    one_down: bool = False
    # Nobody may serve: circuits are open, servers are down.
    refusing: bool = False
    check_seconds: int = 5


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    path: str = "/small"
    connections: int = 64
    fields: tuple = ()
    upload_bytes: int = 0
    # Requests go to that many different paths, each below one of the routes that there may be.
    paths: int = 1
    setup: Setup = Setup()
    # Breakwater alone, set in these ways; the first is what the others are compared with.
    variants: dict = field(default_factory=dict)
    peers: tuple = ALL_PEERS
    # Sets of processes, over which the rounds are repeated: no two processes of a JVM compile alike.
    starts: int = 1
    # Until health checks have seen what they are to see.
    settle_seconds: int = 0
    shared: bool = False
    half_load: bool = False
    allocation: bool = False


SCENARIOS = (
    Scenario("small", "100 B, 64 connections", shared=True, half_load=True, allocation=True),
    Scenario("browser", "100 B, 13 request headers", fields=BROWSER_FIELDS, shared=True, half_load=True, allocation=True),
    Scenario("one", "100 B, 1 connection", connections=1),
    Scenario("1000", "100 B, 1,000 connections", connections=1000, shared=True, half_load=True),
    Scenario("5000", "100 B, 5,000 connections", connections=5000),
    Scenario("1k", "1 KiB", path="/1k"),
    Scenario("64k", "64 KiB", path="/64k", shared=True, half_load=True),
    Scenario("10m", "10 MiB", path="/10m", connections=4),
    Scenario("upload", "uploads of 1 MiB", path="/upload", connections=16, upload_bytes=MIB),
    Scenario("new", "a new connection each", fields=("Connection: close",), shared=True),
    Scenario("tls", "TLS, kept connections", setup=Setup(tls=True), peers=SERVERS),
    # wrk resumes its sessions, as browsers do: all but the first handshakes are short.
    Scenario("tls-new", "TLS, a new connection each", fields=("Connection: close",), setup=Setup(tls=True), peers=SERVERS),
    Scenario("chunked", "64 KiB in 8 chunks", path="/chunked"),
    Scenario("down", "one of three replicas down", setup=Setup(one_down=True, check_seconds=1), peers=SERVERS, settle_seconds=6),
    Scenario(
        "open",
        "nobody may serve: refused",
        path="/fail",
        setup=Setup(refusing=True, check_seconds=1),
        peers=SERVERS,
        settle_seconds=6,
    ),
    Scenario("log", "with an access log", setup=Setup(access_log=True), peers=SERVERS),
    Scenario(
        "metrics",
        "metrics off and on",
        variants={"metrics off": Setup(metrics=False), "metrics on": Setup()},
        starts=3,
        allocation=True,
    ),
    Scenario(
        "backends",
        "3 and 10,000 backends",
        variants={"3 backends": Setup(), "10,000 backends": Setup(replicas=10_000)},
        starts=3,
    ),
    Scenario(
        "routes",
        "1 and 10,000 routes",
        paths=10_000,
        variants={"1 route": Setup(), "10,000 routes": Setup(routes=10_000)},
        starts=3,
    ),
)


@dataclass(frozen=True)
class Target:
    """The median ratio of one figure of Breakwater's to that of `of`, round by round, and what it may be.

    Figures: cpu (per request), rate, p99 (at saturation), half (p99 at half of HAProxy's load) and growth, which is the
    ratio of the CPU ratio to that of the scenario `small`: below 1, Breakwater's cost grows less than the other's.
    """

    scenario: str
    figure: str
    of: str
    limit: float
    layout: str = "pinned"
    at_least: bool = False


TARGETS = (
    Target("small", "cpu", "haproxy", 0.95),
    Target("small", "cpu", "nginx", 0.95),
    Target("small", "cpu", "gateway", 0.18),
    Target("browser", "cpu", "haproxy", 0.95),
    Target("browser", "cpu", "nginx", 0.92),
    Target("1000", "cpu", "haproxy", 0.80),
    Target("1000", "cpu", "nginx", 0.85),
    Target("1000", "cpu", "gateway", 0.18),
    Target("64k", "cpu", "haproxy", 0.95),
    Target("64k", "cpu", "nginx", 1.10),
    Target("64k", "cpu", "gateway", 0.30),
    Target("new", "cpu", "haproxy", 1.00),
    Target("new", "cpu", "nginx", 1.15),
    Target("new", "cpu", "gateway", 0.32),
    Target("open", "cpu", "haproxy", 1.00),
    *(Target(name, "p99", "haproxy", 1.5) for name in ("small", "browser", "1000", "64k", "new")),
    *(Target(name, "half", "haproxy", 1.0) for name in ("small", "browser", "1000", "64k")),
    *(Target(name, "rate", "haproxy", 1.0, "shared", True) for name in ("small", "browser", "1000", "64k", "new")),
    Target("backends", "cpu", "3 backends", 1.05),
    Target("routes", "cpu", "1 route", 1.05),
    Target("5000", "growth", "haproxy", 1.0),
)
