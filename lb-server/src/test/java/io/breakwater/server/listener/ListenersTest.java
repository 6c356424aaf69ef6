package io.breakwater.server.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.config.ReloadResult.Refused;
import io.breakwater.server.config.ReloadResult.Success;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.End;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Logged;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A balancer with more than one address: the same routes, and settings of its own for each. */
@Timeout(60)
class ListenersTest {
    private static final String TWO = "lb.listeners.two { host = 127.0.0.1, port = 0 }";

    private final ScriptedBackend backend = ScriptedBackend.start();

    @AfterEach
    void stop() throws IOException {
        backend.close();
    }

    private String conf(String... overrides) {
        return Conf.everything(backend.url(), overrides);
    }

    private static HttpMessage get(Proxy proxy, String path) throws IOException {
        try (RawClient client = RawClient.connect(proxy.port("two"))) {
            return client.get(path).read();
        }
    }

    @Test
    void eachHasItsOwnSettingsAndAllServeTheSameRoutes() throws IOException {
        String own = "lb.listeners.two { health-path = \"/up\", circuit-state-header = X-Two, limits.body = 3 }";
        try (Proxy proxy = Proxy.start(conf(TWO, own))) {
            HttpMessage here = proxy.get("/");
            HttpMessage there = get(proxy, "/");

            assertThat(here.text()).isEqualTo("ok");
            assertThat(here.field("X-Circuit-State")).isEqualTo("closed");
            assertThat(there.text()).isEqualTo("ok");
            assertThat(there.field("X-Two")).isEqualTo("closed");
            assertThat(there.field("X-Circuit-State")).isNull();
            assertThat(get(proxy, "/up").text()).contains("circuits");
            assertThat(get(proxy, "/health").text()).isEqualTo("ok");
            assertThat(proxy.get("/up").text()).isEqualTo("ok");
            String post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n1234";
            assertThat(proxy.request(post).status()).isEqualTo(200);
            try (RawClient client = RawClient.connect(proxy.port("two"))) {
                assertThat(client.send(post).read().status()).isEqualTo(413);
            }
        }
    }

    @Test
    void eachHasItsOwnLimitOfConnections() throws IOException {
        try (Proxy proxy = Proxy.start(conf(TWO, "lb.listeners.two.max-connections = 1"));
                RawClient first = RawClient.connect(proxy.port("two"))) {
            assertThat(first.get("/").read().status()).isEqualTo(200);

            assertThat(get(proxy, "/").status()).isEqualTo(503);
            assertThat(proxy.get("/").status()).isEqualTo(200);
        }
    }

    @Test
    void furtherOnesAreToldInTheLog() {
        try (Logged log = Logged.by("io.breakwater.server.LoadBalancer");
                Proxy proxy = Proxy.start(conf(TWO))) {
            assertThat(log.lines()).contains("INFO listener two ready on 127.0.0.1:" + proxy.port("two"));
        }
    }

    @Test
    void oneThatCannotBeBoundFailsTheStartAndNothingIsLeft() throws IOException {
        int free;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = probe.getLocalPort();
        }
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String conf = conf(
                    "lb.listen.port = " + free,
                    "lb.listeners.two { host = 127.0.0.1, port = " + busy.getLocalPort() + " }");

            assertThatThrownBy(() -> Proxy.start(conf))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("cannot listen on 127.0.0.1:" + busy.getLocalPort());
            assertThatThrownBy(() -> RawClient.connect(free)).isInstanceOf(UncheckedIOException.class);
        }
    }

    @Test
    void limitsAreHotAndAddressesAreNot() throws IOException {
        String three = "lb.listeners.three { host = 127.0.0.1, port = 0 }";
        try (Proxy proxy = Proxy.start(conf(TWO, three))) {
            // In another order, too.
            assertThat(proxy.reload(conf(three, TWO, "lb.listeners.two.health-path = \"/up\"")))
                    .isInstanceOf(Success.class);
            assertThat(get(proxy, "/up").text()).contains("circuits");

            assertRefused(proxy, conf(TWO), "lb.listeners.three.port: 0 -> none (a restart is needed)");
            assertRefused(
                    proxy,
                    conf(TWO, three, "lb.listeners.four { host = 127.0.0.1, port = 0 }"),
                    "lb.listeners.four.port: none -> 0 (a restart is needed)");
            assertRefused(
                    proxy,
                    conf(TWO, three, "lb.listeners.two.host = localhost"),
                    "lb.listeners.two.host: \"127.0.0.1\" -> \"localhost\" (a restart is needed)");
            assertThat(get(proxy, "/up").text()).contains("circuits");
        }
    }

    private static void assertRefused(Proxy proxy, String conf, String line) {
        assertThat(proxy.reload(conf))
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.problems()).contains(line));
    }

    @Test
    void aDrainIsOverWhenAllAreDrained() throws Exception {
        Gate gate = new Gate();
        backend.answer(Answers.gated(gate, Answers.ok("last")));
        try (Proxy proxy = Proxy.start(conf(TWO, "lb.shutdown { delay = 0s, drain = 20s }"));
                RawClient idle = RawClient.connect(proxy.port("two"));
                RawClient busy = RawClient.connect(proxy.port("two"))) {
            assertThat(idle.get("/health").read().status()).isEqualTo(200);
            busy.get("/");
            backend.awaitRequests(1);
            FutureTask<Integer> drain = new FutureTask<>(proxy::drain);
            Thread thread = new Thread(drain, "drain");
            thread.setDaemon(true);
            thread.start();

            assertThat(idle.readByte()).isEqualTo(-1);
            assertThat(drain.isDone()).isFalse();
            assertThatThrownBy(() -> RawClient.connect(proxy.port())).isInstanceOf(UncheckedIOException.class);
            gate.open();

            assertThat(busy.read().text()).isEqualTo("last");
            assertThat(drain.get()).isZero();
        } finally {
            gate.open();
        }
    }

    @Test
    void whatIsNotDoneInTimeIsCutOnAll() throws Exception {
        backend.answer(Answers.hang());
        try (Proxy proxy = Proxy.start(conf(TWO, "lb.shutdown { delay = 0s, drain = 100ms }"));
                RawClient here = proxy.connect();
                RawClient there = RawClient.connect(proxy.port("two"))) {
            here.get("/");
            there.get("/");
            backend.awaitRequests(2);

            assertThat(proxy.drain()).isEqualTo(2);

            assertThat(here.readEnd()).isIn(End.FIN, End.RST);
            assertThat(there.readEnd()).isIn(End.FIN, End.RST);
        }
    }
}
