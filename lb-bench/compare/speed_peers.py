"""The proxies that `speed` compares, and the backends that they stand before."""

import os
import re
import shutil
import subprocess

from rig import BUILD_SECONDS, PATH, ROOT, Failed, Skip, await_port, first_line, free_ports, line_of
from speed_scenarios import KIB, MIB

REPLICAS = 3

# A listener of its own on every address 127.x.y.z is what 10,000 backends need. `return` would answer an upload before it
# has been read: so it is read into memory, and then a request without it goes to a listener of the same process. A field
# after the body that is always empty makes nginx use chunks, and small buffers several of them.
BACKENDS = """
worker_processes 1;
worker_rlimit_nofile {files};
daemon off;
master_process off;
pid {dir}/backends.pid;
error_log {dir}/backends.log crit;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  default_type text/plain;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=100;
  client_body_temp_path {dir}/bb;
  proxy_temp_path {dir}/bp;
  fastcgi_temp_path {dir}/bf;
  uwsgi_temp_path {dir}/bu;
  scgi_temp_path {dir}/bs;
  upstream sink {{ server unix:{dir}/sink; keepalive 64; }}
  server {{ listen unix:{dir}/sink; location / {{ return 200 "{small}"; }} }}
  server {{
{listeners}
    root {files_dir};
    location / {{ return 200 "{small}"; }}
    location = /1k {{ return 200 "{kib}"; }}
    location = /fail {{ return 500 "{small}"; }}
    location = /64k {{ }}
    location = /10m {{ }}
    location = /chunked {{ alias {files_dir}/64k; sendfile off; output_buffers 1 8k; add_trailer X-None $arg_none; }}
    location = /upload {{
      client_max_body_size 0;
      client_body_buffer_size 2m;
      proxy_pass http://sink;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
      proxy_http_version 1.1;
    }}
  }}
}}
"""

# maxconn counts two descriptors for each connection; 20,000 are common as a limit.
HAPROXY = """
global
  nbthread {workers}
  no strict-limits
  maxconn {maxconn}
defaults
  mode http
  option forwardfor
  option httpchk GET /health
  http-reuse always
  timeout connect 1s
  timeout client 30s
  timeout server 30s
{log}
frontend clients
  bind 127.0.0.1:{port}{tls} backlog 4096
  default_backend replicas
backend replicas
  balance roundrobin
{servers}
"""

NGINX = """
worker_processes {workers};
worker_rlimit_nofile {files};
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/nginx.log crit;
events {{ worker_connections {connections}; }}
http {{
  access_log {log};
  client_body_temp_path {dir}/b;
  proxy_temp_path {dir}/p;
  fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u;
  scgi_temp_path {dir}/s;
  keepalive_requests 1000000000;
  keepalive_timeout 75s;
  client_max_body_size 0;
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_buffers 8 32k;
  proxy_buffer_size 32k;
  proxy_busy_buffers_size 64k;
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header Connection "";
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  upstream replicas {{
{servers}
    keepalive {keepalive};
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port}{ssl} backlog=4096 reuseport;
{tls}
    location / {{ proxy_pass http://replicas; }}
  }}
}}
"""

BREAKWATER = """
lb {{
  listen {{ host = "127.0.0.1", port = {port}, tls.certificates = [{certificates}] }}
  admin {{ host = "127.0.0.1", port = 0 }}
  runtime.event-loops = {workers}
  metrics.enabled = {metrics}
{log}
  routes = [
{routes}
  ]
  pools.replicas {{
    backends = [{backends}]
    breaker {{ enabled = true, cooldown = {cooldown} }}
    health-check {{ enabled = {checks}, path = "/health", interval = {check}s, timeout = 1s }}
{connections}
  }}
}}
"""


def pinned(cores, command):
    return command if cores is None else ["taskset", "-c", cores, *command]


def lines(texts):
    return "\n".join(texts)


class Backends:
    """One nginx that is all replicas; what it serves lies in memory."""

    def __init__(self, directory, files_directory):
        self.directory = directory
        self.files_directory = files_directory
        for name, size in (("64k", 64 * KIB), ("10m", 10 * MIB)):
            (files_directory / name).write_bytes(b"x" * size)

    def start(self, processes, cores, files):
        *self.ports, self.dead_port, self.wide_port = free_ports(REPLICAS + 2)
        path = self.directory / "backends.conf"
        listens = [f"    listen 127.0.0.1:{port} backlog=4096;" for port in self.ports]
        listens.append(f"    listen 0.0.0.0:{self.wide_port} backlog=4096;")
        path.write_text(
            BACKENDS.format(
                dir=self.directory,
                files_dir=self.files_directory,
                files=files,
                connections=files - 500,
                small="x" * 100,
                kib="x" * KIB,
                listeners=lines(listens),
            )
        )
        (self.directory / "sink").unlink(missing_ok=True)
        command = [shutil.which("nginx", path=PATH), "-p", str(self.directory), "-c", str(path)]
        process = processes.start(pinned(cores, command), stdin=subprocess.DEVNULL)
        for port in self.ports:
            await_port(port, process)

    def addresses(self, setup, dead=False):
        """Where the replicas of a setup are; with `dead`, nowhere."""
        if setup.replicas > REPLICAS:
            return [f"127.1.{i // 250}.{1 + i % 250}:{self.wide_port}" for i in range(setup.replicas)]
        ports = [self.dead_port] * REPLICAS if dead else list(self.ports)
        if setup.one_down:
            ports[1] = self.dead_port
        return [f"127.0.0.1:{port}" for port in ports]


class Peer:
    """A proxy that can be started; `port` and `process` are those of the last start."""

    jvm = False

    def __init__(self, name, label, command):
        self.name = name
        self.label = label
        self.command = command
        self.version = None
        self.port = 0
        self.process = None

    def missing(self):
        """Why it cannot be compared, or None. Builds what has to be built."""
        return None if self.command else f"{self.name} is not installed"

    def start(self, processes, cores, workers, setup, scenario, backends, directory, files):
        raise NotImplementedError

    def run(self, processes, cores, command, seconds=None, **options):
        self.process = processes.start(pinned(cores, command), stdin=subprocess.DEVNULL, **options)
        await_port(self.port, self.process, *([seconds] if seconds else []))


class HAProxy(Peer):
    def missing(self):
        if self.command:
            self.version = first_line([self.command, "-v"]).split()[2]
        return super().missing()

    def start(self, processes, cores, workers, setup, scenario, backends, directory, files):
        self.port = free_ports(1)[0]
        check = f"check inter {setup.check_seconds}s"
        addresses = backends.addresses(setup, dead=setup.refusing)
        path = directory / f"haproxy-{self.port}.cfg"
        path.write_text(
            HAPROXY.format(
                workers=workers,
                maxconn=(files - 500) * 2 // 5,
                port=self.port,
                tls=f" ssl crt {directory}/both.pem" if setup.tls else "",
                log="  option httplog\n  log stdout format raw local0" if setup.access_log else "",
                servers=lines(f"  server s{i} {address} {check}" for i, address in enumerate(addresses)),
            )
        )
        with open(directory / f"haproxy-{self.port}.log", "w") as log:
            self.run(processes, cores, [self.command, "-db", "-f", str(path)], stdout=log)


class Nginx(Peer):
    def missing(self):
        if self.command:
            self.version = first_line([self.command, "-v"]).removeprefix("nginx version: nginx/")
        return super().missing()

    def start(self, processes, cores, workers, setup, scenario, backends, directory, files):
        self.port = free_ports(1)[0]
        own = directory / f"nginx-{self.port}"
        own.mkdir()
        parameters = " max_fails=1 fail_timeout=1h" if setup.refusing else ""
        addresses = backends.addresses(setup, dead=setup.refusing)
        tls = [
            f"    ssl_certificate {directory}/certificate.pem;",
            f"    ssl_certificate_key {directory}/key.pem;",
            # As the others: this version would leave out 1.3.
            "    ssl_protocols TLSv1.2 TLSv1.3;",
            "    ssl_session_cache shared:sessions:10m;",
        ]
        path = own / "nginx.conf"
        path.write_text(
            NGINX.format(
                workers=workers,
                files=files,
                connections=files - 500,
                dir=own,
                log=f"{own}/access.log" if setup.access_log else "off",
                servers=lines(f"    server {address}{parameters};" for address in addresses),
                keepalive=max(1100, scenario.connections + 100),
                port=self.port,
                ssl=" ssl" if setup.tls else "",
                tls=lines(tls if setup.tls else []),
            )
        )
        self.run(processes, cores, [self.command, "-p", str(own), "-c", str(path)])


class Breakwater(Peer):
    """Everything on: breaker, health checks, metrics, limits, timeouts."""

    jvm = True

    def missing(self):
        # The first start may have to build: not on the one core where it will be measured.
        run = subprocess.run(
            [*self.command, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_SECONDS
        )
        if run.returncode != 0:
            raise Failed(f"{' '.join(self.command)} --version ended with {run.returncode}:\n{run.stderr}")
        self.version = run.stdout.splitlines()[0].removeprefix("breakwater ")
        return None

    def start(self, processes, cores, workers, setup, scenario, backends, directory, files):
        self.port = free_ports(1)[0]
        log = ""
        if setup.access_log:
            log = f'  access-log {{ format = combined, file = "{directory}/lb-{self.port}.log" }}'
        routes = ["/"] if setup.routes == 1 else [f"/r{i}" for i in range(setup.routes)]
        # As for the peers: no fewer than there can be requests at a time.
        connections = ""
        if scenario.connections > 256 * REPLICAS:
            most = scenario.connections
            connections = f"    concurrency.max-per-backend = {most}\n    connections.max-idle-per-backend = {most}"
        path = directory / f"lb-{self.port}.conf"
        path.write_text(
            BREAKWATER.format(
                port=self.port,
                certificates=f'{{ certificate = "{directory}/certificate.pem", private-key = "{directory}/key.pem" }}'
                if setup.tls
                else "",
                workers=workers,
                metrics=str(setup.metrics).lower(),
                log=log,
                routes=lines(f'    {{ prefix = "{prefix}", pool = replicas }}' for prefix in routes),
                backends=", ".join(f'"http://{address}"' for address in backends.addresses(setup)),
                cooldown="1h" if setup.refusing else "5s",
                # Thousands of checks a second would be measured beside the requests.
                checks=str(setup.replicas <= REPLICAS).lower(),
                check=setup.check_seconds,
                connections=connections,
            )
        )
        self.run(processes, cores, [*self.command, "serve", "-c", str(path)], stdout=subprocess.PIPE)
        ready = line_of(self.process)
        if f":{self.port}" not in ready:
            raise Failed(f"no ready line but: {ready}")


class JvmPeer(Peer):
    """One of `lb-bench/peers`, which builds them at their first use, and has them beside what tells their versions."""

    ARTIFACTS = {"gateway": "spring-cloud-gateway-server*", "vertx": "vertx-http-proxy"}

    jvm = True

    def missing(self):
        if not os.access(self.command, os.X_OK):
            return f"{self.name}: there is no {self.command.relative_to(ROOT)}"
        return None

    def start(self, processes, cores, workers, setup, scenario, backends, directory, files):
        self.port = free_ports(1)[0]
        urls = ",".join(f"http://{address}" for address in backends.addresses(setup))
        command = [str(self.command), self.name, "--port", str(self.port), "--workers", str(workers), "--backends", urls]
        self.run(processes, cores, command, BUILD_SECONDS, stdout=processes.log)
        jars = self.command.parent.glob(f"{self.name}/target/lib/{self.ARTIFACTS[self.name]}-*.jar")
        self.version = next((re.search(r"-(\d[^-]*)\.jar", jar.name).group(1) for jar in jars), None)


def certificate(directory):
    """Makes a certificate for a listener, with its key in a file beside it and in one for both."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise Skip("openssl is not installed")
    key, chain = directory / "key.pem", directory / "certificate.pem"
    if not chain.exists():
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
        made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key), "-out", str(chain)]
        subprocess.run([openssl, "req", "-x509", *made, *subject], stdin=subprocess.DEVNULL, capture_output=True, check=True)
        (directory / "both.pem").write_text(chain.read_text() + key.read_text())


def peers(breakwaters):
    """All that are known: the servers, the JVM's, and the builds of Breakwater."""
    run = ROOT / "lb-bench/peers/run"
    return [
        HAProxy("haproxy", "HAProxy", shutil.which("haproxy", path=PATH)),
        Nginx("nginx", "nginx", shutil.which("nginx", path=PATH)),
        *(
            Breakwater(name, "Breakwater" if name == "breakwater" else name, command.split())
            for name, command in breakwaters.items()
        ),
        JvmPeer("gateway", "Spring Cloud Gateway", run),
        JvmPeer("vertx", "Vert.x", run),
    ]
