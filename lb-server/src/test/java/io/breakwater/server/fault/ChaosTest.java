package io.breakwater.server.fault;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.Together;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many clients before backends that do everything wrong at random, with a seed: no response ever reaches another
 * request, no cut response looks whole, and in the end each request has ended once, in one metric and one outcome.
 */
@Timeout(120)
class ChaosTest {
    private static final int CLIENTS = 16;
    private static final int REQUESTS_PER_CLIENT = 150;

    private final AtomicInteger heads = new AtomicInteger();
    private final AtomicInteger left = new AtomicInteger();

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 20_261_121, -7})
    void everyRequestEndsOnceAndNoResponseGoesAstray(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        try (ScriptedBackend a = backend(random.split());
                ScriptedBackend b = backend(random.split());
                ScriptedBackend c = backend(random.split());
                Proxy proxy = Proxy.start(Conf.everything(
                        new String[] {a.url(), b.url(), c.url()},
                        "lb.runtime.event-loops = 3",
                        "lb.pools.default.breaker { consecutive-failures = 4, cooldown = 5ms, half-open.probe-timeout = 200ms }",
                        "lb.pools.default.timeouts { response-head = 300ms, response-idle = 300ms }"))) {
            SplittableRandom[] randoms = new SplittableRandom[CLIENTS];
            for (int i = 0; i < CLIENTS; i++) {
                randoms[i] = random.split();
            }

            Together.run(CLIENTS, index -> client(proxy, index, randoms[index]));

            eventually(() -> assertIdentities(proxy.metrics()));
            Metrics metrics = proxy.metrics();
            assertThat(metrics.sum("lb_backend_requests_total", "outcome", "success"))
                    .as("enough went well to mean something")
                    .isGreaterThan(CLIENTS * REQUESTS_PER_CLIENT / 10.0);
            assertThat(metrics.sum("lb_circuit_transitions_total", "reason", "consecutive_failures"))
                    .as("enough went wrong to mean something")
                    .isPositive();
        }
    }

    private void assertIdentities(Metrics metrics) {
        double requests = metrics.sum("lb_requests_total");
        double closed = metrics.sum("lb_requests_total", "code", "client_closed");
        double attempts = metrics.sum("lb_backend_requests_total");
        double stale = metrics.sum("lb_backend_requests_total", "outcome", "stale_connection");
        double rejections = metrics.sum("lb_rejections_total");

        assertThat(metrics.sum("lb_requests_in_flight")).isZero();
        assertThat(metrics.sum("lb_backend_in_flight")).isZero();
        assertThat(metrics.sum("lb_connections", "side", "downstream")).isZero();
        assertThat(metrics.sum("lb_request_duration_seconds_count")).isEqualTo(requests);
        assertThat(metrics.sum("lb_backend_request_duration_seconds_count")).isEqualTo(attempts);
        assertThat(attempts - stale + rejections)
                .as("each request has either one attempt or one rejection")
                .isEqualTo(requests);
        assertThat(requests - closed)
                .as("each response that a client saw was counted, and none twice")
                .isBetween((double) heads.get(), (double) heads.get() + left.get());
    }

    private void client(Proxy proxy, int index, SplittableRandom random) throws IOException {
        RawClient client = proxy.connect();
        try {
            for (int i = 0; i < REQUESTS_PER_CLIENT; i++) {
                String target = "/%d-%d-%s".formatted(index, i, "p".repeat(random.nextInt(40)));
                boolean post = random.nextInt(4) == 0;
                String body = "b".repeat(random.nextInt(3000));
                client.send(
                        post
                                ? "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length()
                                        + "\r\n\r\n" + body
                                : "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
                if (random.nextInt(20) == 0) {
                    left.incrementAndGet();
                    client.reset();
                    client = proxy.connect();
                    continue;
                }
                HttpMessage response = client.read();
                heads.incrementAndGet();
                assertThat(response.status()).as("%s: %s", target, response).isIn(200, 502, 503);
                if (response.status() == 200 && response.complete()) {
                    assertThat(response.text()).isEqualTo(echo(target));
                }
                String connection = response.field("Connection");
                if (!response.complete() || "close".equalsIgnoreCase(connection)) {
                    assertThat(response.complete() ? client.readByte() : -1).isEqualTo(-1);
                    client.close();
                    client = proxy.connect();
                }
            }
        } finally {
            client.close();
        }
    }

    /** What belongs to a target and to no other: its own length decides how long it is. */
    private static String echo(String target) {
        return target.repeat(1 + target.length() * 7);
    }

    private static ScriptedBackend backend(SplittableRandom random) {
        return ScriptedBackend.start().answer((connection, request) -> {
            int choice;
            synchronized (random) {
                choice = random.nextInt(100);
            }
            String body = echo(request.target());
            String sized = "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n";
            String chunk = Integer.toHexString(body.length()) + "\r\n" + body + "\r\n";
            if (choice < 40) {
                connection.send(sized + body);
            } else if (choice < 55) {
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk);
                connection.send("0\r\n\r\n");
            } else if (choice < 60) {
                connection.send(sized + body + "HTTP/1.1 200 OK\r\n");
            } else if (choice < 65) {
                connection.send("HTTP/1.1 200 OK\r\n\r\n" + body);
                connection.close();
            } else if (choice < 70) {
                connection.send(sized + body);
                connection.close();
            } else if (choice < 76) {
                connection.send("HTTP/1.1 500 Error\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
            } else if (choice < 80) {
                connection.reset();
            } else if (choice < 84) {
                connection.close();
            } else if (choice < 88) {
                connection.send(sized + body.substring(body.length() / 2));
                connection.close();
            } else if (choice < 92) {
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "zz\r\n");
            } else if (choice < 95) {
                connection.send("garbage\r\n\r\n");
            } else if (choice < 97) {
                connection.readEnd();
            } else {
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk);
                connection.reset();
            }
        });
    }
}
