package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code timeouts} of a route: they hold for its requests, and the pool's for all others. */
@Timeout(60)
class RouteTimeoutsTest {
    private static final Duration A_MOMENT = Duration.ofMillis(100);

    private final ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(2).toNanos());
    private final ScriptedBackend backend = ScriptedBackend.start().answer(Answers.hang());
    private final List<RawClient> clients = new ArrayList<>();
    private @Nullable Proxy started;

    @AfterEach
    void stop() throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
        if (started != null) {
            started.close();
        }
        backend.close();
    }

    /** Requests below /quick have these timeouts, all others the pool's: hours. */
    private Proxy proxy(String timeouts, String... more) {
        Proxy proxy = Proxy.start(conf(timeouts, more), ticker);
        started = proxy;
        return proxy;
    }

    private String conf(String timeouts, String... more) {
        return Conf.everything(
                backend.url(),
                Conf.PATIENT,
                "lb.pools.default.backend-errors = pass",
                "lb.routes = [ { prefix = \"/quick\", pool = default, timeouts { " + timeouts + " } },"
                        + " { prefix = \"/\", pool = default } ]",
                String.join("\n", more));
    }

    private RawClient get(Proxy proxy, String target) throws IOException {
        int before = backend.requests().size();
        RawClient client = proxy.connect();
        clients.add(client);
        client.get(target);
        backend.awaitRequests(before + 1);
        proxy.settle();
        return client;
    }

    private void advance(Proxy proxy, Duration time) {
        proxy.settle();
        ticker.advance(time);
        proxy.settle();
    }

    private static void assertTimedOut(HttpMessage response) {
        assertThat(response.status()).isEqualTo(504);
        assertThat(response.text()).isEqualTo("{\"error\": \"backend timeout\"}");
    }

    private static double ended(Proxy proxy, String route) {
        return proxy.metric("lb_requests_total", "route", route);
    }

    @Test
    void responseHead() throws IOException {
        Proxy proxy = proxy("response-head = 3s");
        RawClient quick = get(proxy, "/quick");
        get(proxy, "/");

        advance(proxy, Duration.ofSeconds(3).minus(A_MOMENT));
        assertThat(ended(proxy, "/quick")).isZero();
        advance(proxy, A_MOMENT.multipliedBy(2));

        assertTimedOut(quick.read());
        assertThat(proxy.metric("lb_backend_requests_total", "outcome", "response_timeout"))
                .isEqualTo(1);
        assertThat(proxy.metric("lb_requests_in_flight", "route", "/")).isEqualTo(1);
    }

    @Test
    void request() throws IOException {
        Proxy proxy = proxy("request = 7s");
        RawClient quick = get(proxy, "/quick");
        get(proxy, "/");

        advance(proxy, Duration.ofSeconds(7).minus(A_MOMENT));
        assertThat(ended(proxy, "/quick")).isZero();
        advance(proxy, A_MOMENT.multipliedBy(2));

        assertTimedOut(quick.read());
        assertThat(proxy.metric("lb_requests_in_flight", "route", "/")).isEqualTo(1);
    }

    @Test
    void responseIdle() throws IOException {
        Proxy proxy = proxy("response-idle = 4s");
        backend.answer(Answers.bytesAndHang("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive "));
        RawClient quick = get(proxy, "/quick");
        RawClient other = get(proxy, "/");
        assertThat(quick.readHead().status()).isEqualTo(200);
        assertThat(other.readHead().status()).isEqualTo(200);

        advance(proxy, Duration.ofSeconds(4).plus(A_MOMENT));

        eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", "response_timeout"))
                .isEqualTo(1));
        assertThat(proxy.metric("lb_requests_in_flight", "route", "/")).isEqualTo(1);
    }

    /** A listener whose queue of connections is full answers no SYN: a connection is under way, and stays so. */
    @Test
    void connect() throws IOException {
        List<Socket> queued = new ArrayList<>();
        try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            fill(deaf, queued);
            Proxy proxy = proxy(
                    "connect = 2s", "lb.pools.default.backends = [ \"http://127.0.0.1:" + deaf.getLocalPort() + "\" ]");
            RawClient quick = proxy.connect();
            clients.add(quick);
            quick.get("/quick");
            RawClient other = proxy.connect();
            clients.add(other);
            other.get("/");

            advance(proxy, Duration.ofSeconds(2).minus(A_MOMENT));
            assertThat(ended(proxy, "/quick")).isZero();
            advance(proxy, A_MOMENT.multipliedBy(2));

            assertTimedOut(quick.read());
            assertThat(proxy.metric("lb_backend_requests_total", "outcome", "connect_timeout"))
                    .isEqualTo(1);
            assertThat(proxy.metric("lb_requests_in_flight", "route", "/")).isEqualTo(1);
        } finally {
            for (Socket each : queued) {
                each.close();
            }
        }
    }

    /** Connects until nobody gets in any more. */
    private static void fill(ServerSocket deaf, List<Socket> queued) throws IOException {
        for (int i = 0; i < 16; i++) {
            Socket socket = new Socket();
            queued.add(socket);
            try {
                socket.connect(deaf.getLocalSocketAddress(), 200);
            } catch (java.net.SocketTimeoutException e) {
                return;
            }
        }
        throw new AssertionError("the listener takes everybody");
    }

    @Test
    void theTimeOfOneTryIsNotLongerThanTheRoutesResponseHead() throws IOException {
        try (ScriptedBackend second = ScriptedBackend.start().answer(Answers.hang())) {
            Proxy proxy = proxy(
                    "response-head = 2s",
                    "lb.pools.default.backends = [ \"" + backend.url() + "\", \"" + second.url() + "\" ]",
                    "lb.pools.default.retries { max = 1, per-try-timeout = 3s }");
            RawClient quick = proxy.connect();
            clients.add(quick);
            quick.get("/quick");
            eventually(() -> assertThat(
                            backend.requests().size() + second.requests().size())
                    .isEqualTo(1));

            advance(proxy, Duration.ofSeconds(2).plus(A_MOMENT));
            eventually(() -> assertThat(
                            backend.requests().size() + second.requests().size())
                    .isEqualTo(2));
            advance(proxy, Duration.ofSeconds(2).plus(A_MOMENT));

            assertTimedOut(quick.read());
        }
    }

    @Test
    void aReloadChangesThemForNewRequests() throws IOException {
        Proxy proxy = proxy("response-head = 3s");
        RawClient before = get(proxy, "/quick");

        assertThat(proxy.reload(conf("response-head = 8s"))).isInstanceOf(ReloadResult.Success.class);
        RawClient after = get(proxy, "/quick");

        advance(proxy, Duration.ofSeconds(3).plus(A_MOMENT));
        assertTimedOut(before.read());
        assertThat(ended(proxy, "/quick")).isEqualTo(1);
        advance(proxy, Duration.ofSeconds(5));
        assertTimedOut(after.read());
    }
}
