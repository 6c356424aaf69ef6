package io.breakwater.server.cli;

import io.breakwater.server.cli.Serving.Addresses;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.LoadedConfig;
import io.breakwater.server.demo.DemoReplica;
import io.breakwater.server.demo.DemoReplica.Reach;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code lb train}: a balancer that starts, serves some requests of its own and stops, so that a JVM that was told to
 * (the script {@code lb} does) can keep for later starts what it has loaded by then. Ports are the system's choice, on
 * this machine only; no file is read or written, and nobody's signals are taken.
 */
final class Training {

    /** The command, which no help tells of. */
    static final String COMMAND = "train";

    private static final int REQUESTS = 200;

    private static final String CONFIG = """
            lb {
              listen { host = "127.0.0.1", port = 0 }
              admin { host = "127.0.0.1", port = 0 }
              routes = [{ path = "/plain", pool = plain }, { prefix = "/", pool = trained }]
              pools.plain.backends = [ "http://127.0.0.1:%1$d" ]
              pools.trained {
                backends = [ "http://127.0.0.1:%1$d" ]
                balance = least-request
                breaker.window { type = time, duration = 10s, minimum-calls = 20, failure-rate = 50%% }
                health-check { enabled = true, path = "/health" }
                retries.max = 1
                slow-start.enabled = true
                concurrency { max-per-backend = 256, queue = 1000 }
              }
            }
            """;

    private final Host host;
    private final BalancerFactory balancers;

    Training(Host host, BalancerFactory balancers) {
        this.host = host;
        this.balancers = balancers;
    }

    /** Returns the exit code. */
    int run() throws ConfigProblems {
        try (DemoReplica replica = new DemoReplica("replica", 0, Reach.LOOPBACK, host.clock())) {
            replica.start();
            LoadedConfig loaded = host.loader().parse(CONFIG.formatted(replica.port()), "lb train", List.of());
            OneStop stop = new OneStop();
            Host silent = new Host(
                    host.in(),
                    new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                    host.err(),
                    host.environment(),
                    host.loader(),
                    stop,
                    host.clock(),
                    host.home());
            return new Serving(silent, balancers).run(loaded.config(), addresses -> {
                use(addresses);
                stop.run();
            });
        } catch (IOException | UncheckedIOException e) {
            host.err().println("lb: " + e.getMessage());
            return ExitCode.FAILED;
        }
    }

    private static void use(Addresses addresses) {
        try {
            for (int i = 0; i < REQUESTS; i++) {
                ask(addresses.listen(), "GET", "/backend/resource?n=" + i, "");
            }
            ask(addresses.listen(), "PUT", "/faults", "{\"mode\":\"ok\"}");
            ask(addresses.listen(), "GET", "/health", "");
            String admin = addresses.admin();
            if (admin != null) {
                ask(admin, "GET", "/metrics", "");
                ask(admin, "GET", "/readyz", "");
                ask(admin, "GET", "/api/v1/pools", "");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A request on a connection of its own; whatever is answered will do. */
    private static void ask(String url, String method, String path, String body) throws IOException {
        URI server = URI.create(url);
        try (Socket socket = new Socket(server.getHost(), server.getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(("%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: train\r\nAccept: */*\r\nConnection: close\r\n"
                            + "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s")
                    .formatted(method, path, server.getAuthority(), body.length(), body)
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            InputStream in = socket.getInputStream();
            in.transferTo(OutputStream.nullOutputStream());
        }
    }

    /** In place of the signals of the process: stops when it is run. */
    private static final class OneStop implements Signals, Runnable {
        private @Nullable Runnable action;

        @Override
        public void run() {
            if (action != null) {
                action.run();
            }
        }

        @Override
        public void onStop(Runnable stop) {
            action = stop;
        }

        @Override
        public void onHangUp(Runnable reload) {}

        @Override
        public void onReopen(Runnable reopen) {}
    }
}
