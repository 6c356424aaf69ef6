package io.breakwater.server.tls;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.config.ReloadResult.Refused;
import io.breakwater.server.config.ReloadResult.Success;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.Pki;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.TlsServer;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Other settings of TLS, or other contents of its files, while requests are served. */
@Timeout(60)
class UpstreamTlsReloadTest {
    @TempDir
    Path folder;

    private final ScriptedBackend backend = ScriptedBackend.start(TlsServer.of(Pki.loopback(Pki.AUTHORITY)));
    private String conf = "";
    private Proxy proxy;

    @BeforeEach
    void start() {
        trust(Pki.AUTHORITY);
        conf = Conf.everything(
                backend.url(),
                "lb.pools.default.tls.ca = \"" + folder.resolve("ca.pem") + "\"",
                "lb.runtime.event-loops = 1");
        proxy = Proxy.start(conf);
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        backend.close();
    }

    private void trust(X509Bundle authority) {
        Certified.writeAuthority(authority, folder, "ca");
    }

    private void reload(String... more) {
        assertThat(proxy.reload(conf + String.join("\n", more))).isInstanceOf(Success.class);
    }

    private int consecutiveFailures() {
        return proxy.backend("default", backend).getInt("breaker.consecutiveFailures");
    }

    @Test
    void otherContentsOfAFileAreTakenForNewConnectionsAndKeptOnesAreClosed() {
        assertThat(proxy.get("/").status()).isEqualTo(200);

        trust(Pki.STRANGER);
        assertThat(proxy.reload(conf))
                .isInstanceOfSatisfying(
                        Success.class,
                        reloaded -> assertThat(reloaded.changes())
                                .containsExactly("pool default: TLS to its backends by other settings or files"));
        eventually(() ->
                assertThat(proxy.metric("lb_connections", "side", "upstream")).isZero());
        assertThat(proxy.get("/").status()).isEqualTo(502);
        assertThat(backend.accepted()).isEqualTo(2);

        trust(Pki.AUTHORITY);
        reload();
        assertThat(consecutiveFailures()).isEqualTo(1);
        assertThat(proxy.get("/").status()).isEqualTo(200);
        assertThat(proxy.backend("default", backend).getInt("requests")).isEqualTo(3);
    }

    @Test
    void theSameContentsKeepTheConnections() {
        assertThat(proxy.get("/").status()).isEqualTo(200);

        trust(Pki.AUTHORITY);
        reload("lb.pools.default.timeouts.response-head = 4s");

        assertThat(proxy.get("/").status()).isEqualTo(200);
        assertThat(backend.accepted()).isEqualTo(1);
    }

    @Test
    void aConnectionInUseServesItsRequestAndIsNotKept() throws Exception {
        Gate gate = new Gate();
        backend.answer(Answers.gated(gate, Answers.ok("ok")));
        try (RawClient client = proxy.connect()) {
            client.get("/");
            backend.awaitRequests(1);
            reload("lb.pools.default.tls.verify = false");
            gate.open();

            assertThat(client.read().status()).isEqualTo(200);
            assertThat(client.get("/").read().status()).isEqualTo(200);
            assertThat(backend.accepted()).isEqualTo(2);
            assertThat(client.get("/").read().status()).isEqualTo(200);
            assertThat(backend.accepted()).isEqualTo(2);
        }
    }

    @Test
    void aBadFileRefusesTheReloadAndChangesNothing() throws IOException {
        assertThat(proxy.get("/").status()).isEqualTo(200);

        Files.writeString(folder.resolve("ca.pem"), "nothing of use");
        assertThat(proxy.reload(conf))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.problems())
                                .singleElement()
                                .asString()
                                .startsWith("test.conf:")
                                .contains("lb.pools.default.tls.ca: " + folder.resolve("ca.pem")
                                        + " (expected: certificates in PEM"));

        assertThat(proxy.get("/").status()).isEqualTo(200);
        assertThat(backend.accepted()).isEqualTo(1);
    }

    @Test
    void checksGoByTheNewSettings() {
        String checked = "lb.pools.default.health-check { enabled = true, type = tcp, interval = 50ms,"
                + " unhealthy-interval = 50ms, timeout = 10s, rise = 1, fall = 1 }";
        backend.onConnect(connection -> {
            connection.tls();
            connection.answerEachRequest();
        });
        reload(checked);
        eventually(() -> assertThat(health()).isEqualTo("healthy"));

        trust(Pki.STRANGER);
        reload(checked);
        eventually(() -> assertThat(health()).isEqualTo("unhealthy"));
        assertThat(proxy.get("/").status()).isEqualTo(503);

        trust(Pki.AUTHORITY);
        reload(checked);
        eventually(() -> assertThat(health()).isEqualTo("healthy"));
        assertThat(proxy.get("/").status()).isEqualTo(200);
    }

    private String health() {
        return proxy.backend("default", backend).getString("health");
    }
}
