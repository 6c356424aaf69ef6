package io.breakwater.server.tls;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Logged;
import io.breakwater.server.fixtures.Pki;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.TlsServer;
import io.breakwater.time.ManualTicker;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests to {@code https://} backends: whom we talk to, what a handshake that fails means, and where a response ends. */
@Timeout(60)
class UpstreamTlsTest {
    private static final String NO_CIRCUIT = "lb.pools.default.breaker.enabled = false";
    private static final String RETRIED = "lb.pools.default.retries.max = 1";

    @TempDir
    Path folder;

    private ScriptedBackend backend(X509Bundle certificate) {
        return ScriptedBackend.start(TlsServer.of(certificate));
    }

    private Proxy proxy(ScriptedBackend backend, String... settings) {
        return Proxy.start(conf(new String[] {backend.url()}, settings));
    }

    private String conf(String[] urls, String... settings) {
        return Conf.everything(
                urls,
                Stream.concat(Stream.of(Pki.trusting(Pki.AUTHORITY, folder)), Arrays.stream(settings))
                        .toArray(String[]::new));
    }

    private static String byName(ScriptedBackend backend) {
        return "https://localhost:" + backend.port();
    }

    private static void assertOutcome(Proxy proxy, String outcome, int count) {
        eventually(() -> assertThat(proxy.metric("lb_backend_requests_total", "outcome", outcome))
                .isEqualTo(count));
    }

    // ================ whom we talk to ================

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aVerifiedBackendAnswersAndItsConnectionIsKept(String version) throws IOException {
        TlsServer tls = TlsServer.of(Pki.loopback(Pki.AUTHORITY)).version(version);
        try (ScriptedBackend backend = ScriptedBackend.start(tls);
                Proxy proxy = proxy(backend, "lb.runtime.event-loops = 1")) {
            assertThat(proxy.get("/1").text()).isEqualTo("ok");
            assertThat(proxy.get("/2").text()).isEqualTo("ok");

            assertThat(backend.accepted()).isEqualTo(1);
            assertThat(backend.connection(1).tls().getSession().getProtocol()).isEqualTo(version);
            assertThat(backend.requests().get(0).field("X-Forwarded-Proto")).isEqualTo("http");
            assertOutcome(proxy, "success", 2);
        }
    }

    @Test
    void theNameInTheUrlIsAskedForAndMustBeInTheCertificate() throws IOException {
        try (ScriptedBackend good = backend(Pki.named("localhost"));
                Proxy proxy = Proxy.start(conf(new String[] {byName(good)}))) {
            assertThat(proxy.get("/").status()).isEqualTo(200);
            assertThat(asked(good)).containsExactly("localhost");
        }
        try (ScriptedBackend other = backend(Pki.named("elsewhere.test"));
                Proxy proxy = Proxy.start(conf(new String[] {byName(other)}));
                Logged log = Logged.by("io.breakwater.server.connection")) {
            assertThat(proxy.get("/").status()).isEqualTo(502);
            assertOutcome(proxy, "tls_failed", 1);
            assertThat(log.lines()).singleElement().asString().endsWith(byName(other) + ": wrong host name");
        }
    }

    private static List<String> asked(ScriptedBackend backend) throws IOException {
        ExtendedSSLSession session =
                (ExtendedSSLSession) backend.connection(1).tls().getSession();
        return session.getRequestedServerNames().stream()
                .map(name -> ((SNIHostName) name).getAsciiName())
                .toList();
    }

    @Test
    void anAddressInTheUrlMustBeInTheCertificateAndNoNameIsAskedFor() throws IOException {
        try (ScriptedBackend good = backend(Pki.loopback(Pki.AUTHORITY));
                Proxy proxy = proxy(good)) {
            assertThat(proxy.get("/").status()).isEqualTo(200);
            assertThat(asked(good)).isEmpty();
        }
        try (ScriptedBackend other = backend(Pki.named("localhost"));
                Proxy proxy = proxy(other)) {
            assertThat(proxy.get("/").status()).isEqualTo(502);
            assertOutcome(proxy, "tls_failed", 1);
        }
    }

    @Test
    void theServerNameTakesThePlaceOfTheHost() throws IOException {
        String name = "lb.pools.default.tls.server-name = shop.test";
        try (ScriptedBackend good = backend(Pki.named("shop.test"));
                Proxy proxy = proxy(good, name)) {
            assertThat(proxy.get("/").status()).isEqualTo(200);
            assertThat(asked(good)).containsExactly("shop.test");
        }
        try (ScriptedBackend good = backend(Pki.loopback(Pki.AUTHORITY));
                Proxy proxy = proxy(good, name)) {
            assertThat(proxy.get("/").status()).isEqualTo(502);
        }
    }

    @Test
    void whoIsNotTrustedFailsAndOpensTheCircuitAndIsAskedNothing() throws IOException {
        try (ScriptedBackend stranger = backend(Pki.loopback(Pki.STRANGER));
                Proxy proxy = proxy(stranger);
                Logged log = Logged.by("io.breakwater.server.connection")) {
            for (int i = 0; i < 3; i++) {
                assertThat(proxy.get("/").status()).isEqualTo(502);
            }

            assertThat(proxy.get("/").status()).isEqualTo(503);
            assertOutcome(proxy, "tls_failed", 3);
            assertThat(proxy.circuit("default", stranger)).isEqualTo("open");
            assertThat(stranger.requests()).isEmpty();
            eventually(() -> assertThat(proxy.incidents())
                    .singleElement()
                    .satisfies(incident -> assertThat(incident.toString()).contains("tls_failed")));
            assertThat(log.lines())
                    .isNotEmpty()
                    .allSatisfy(line -> assertThat(line).endsWith("untrusted certificate"));
        }
    }

    @Test
    void anExpiredCertificateIsNone() throws IOException {
        try (ScriptedBackend expired = backend(Pki.expired());
                Proxy proxy = proxy(expired);
                Logged log = Logged.by("io.breakwater.server.connection")) {
            assertThat(proxy.get("/").status()).isEqualTo(502);
            assertOutcome(proxy, "tls_failed", 1);
            assertThat(log.lines()).singleElement().asString().endsWith("certificate expired");
        }
    }

    @Test
    void whatJavaTrustsIsTrustedOnlyWhereNoAuthorityIsNamed() throws IOException {
        try (ScriptedBackend backend = backend(Pki.loopback(Pki.AUTHORITY));
                Proxy proxy = Proxy.start(Conf.everything(backend.url()))) {
            assertThat(proxy.get("/").status()).isEqualTo(502);
            assertOutcome(proxy, "tls_failed", 1);
        }
    }

    @Test
    void withoutVerificationAnybodyIsBelieved() throws IOException {
        try (ScriptedBackend stranger = backend(Pki.loopback(Pki.STRANGER));
                ScriptedBackend expired = backend(Pki.expired());
                ScriptedBackend other = backend(Pki.named("elsewhere.test"));
                Proxy proxy = Proxy.start(conf(
                        new String[] {stranger.url(), expired.url(), other.url()},
                        "lb.pools.default.tls.verify = false"))) {
            for (int i = 0; i < 3; i++) {
                assertThat(proxy.get("/").status()).isEqualTo(200);
            }
            assertThat(List.of(stranger, expired, other))
                    .allSatisfy(each -> assertThat(each.requests()).hasSize(1));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aBackendThatAsksForACertificateGetsOurs(String version) throws IOException {
        Certified ours = Certified.by(Pki.AUTHORITY, folder, "balancer");
        TlsServer tls = TlsServer.of(Pki.loopback(Pki.AUTHORITY), Pki.AUTHORITY).version(version);
        try (ScriptedBackend backend = ScriptedBackend.start(tls);
                Proxy proxy = proxy(
                        backend,
                        "lb.pools.default.tls { certificate = \"" + ours.certificate() + "\", private-key = \""
                                + ours.key() + "\" }")) {
            assertThat(proxy.get("/").status()).isEqualTo(200);
            assertThat(backend.connection(1)
                            .tls()
                            .getSession()
                            .getPeerPrincipal()
                            .getName())
                    .isEqualTo("CN=balancer");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aBackendThatAsksForACertificateInVainRefusesUs(String version) throws IOException {
        TlsServer tls = TlsServer.of(Pki.loopback(Pki.AUTHORITY), Pki.AUTHORITY).version(version);
        try (ScriptedBackend backend = ScriptedBackend.start(tls);
                Proxy proxy = proxy(backend);
                Logged log = Logged.by("io.breakwater.server.connection")) {
            assertThat(proxy.get("/").status()).isEqualTo(502);
            assertOutcome(proxy, "tls_failed", 1);
            assertThat(log.lines()).singleElement().asString().contains("TLS alert ");
        }
    }

    // ================ a handshake that fails ================

    @Test
    void nothingWasSentSoThatEvenAPostGoesToAnother() throws IOException {
        try (ScriptedBackend stranger = backend(Pki.loopback(Pki.STRANGER));
                ScriptedBackend good = backend(Pki.loopback(Pki.AUTHORITY));
                Proxy proxy = Proxy.start(conf(new String[] {stranger.url(), good.url()}, RETRIED))) {
            for (int i = 0; i < 2; i++) {
                HttpMessage response = proxy.request(
                        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
                assertThat(response.status()).isEqualTo(200);
            }
            assertThat(good.requests())
                    .hasSize(2)
                    .allSatisfy(request -> assertThat(request.text()).isEqualTo("body"));
            assertThat(stranger.requests()).isEmpty();
            assertOutcome(proxy, "tls_failed", stranger.accepted());
            assertThat(proxy.metric("lb_retries_total", "result", "success"))
                    .isEqualTo(stranger.accepted())
                    .isPositive();
        }
    }

    @Test
    void aQueuedWriteIsSentOverTlsOnceThatSucceeds() throws IOException {
        ManualTicker ticker = new ManualTicker(0);
        try (ScriptedBackend stranger = backend(Pki.loopback(Pki.STRANGER))) {
            String conf = conf(
                    new String[] {stranger.url()},
                    Conf.PATIENT,
                    NO_CIRCUIT,
                    "lb.routes = [ { prefix = \"/\", pool = default, fallback-on = [failure], fallback = [ { type = queue, dir = \""
                            + folder.resolve("queue") + "\" } ] } ]");
            try (Proxy proxy = Proxy.start(conf, ticker)) {
                assertThat(proxy.request(
                                        "POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
                                .status())
                        .isEqualTo(202);
                proxy.reload(conf + "\nlb.pools.default.tls.verify = false");

                eventually(() -> {
                    ticker.advance(Duration.ofSeconds(10));
                    assertThat(stranger.requests()).hasSize(1);
                });
                assertThat(stranger.onlyRequest().text()).isEqualTo("body");
            }
        }
    }

    @Test
    void whoSpeaksPlainHttpFails() throws IOException {
        try (ScriptedBackend plain = ScriptedBackend.start();
                Logged log = Logged.by("io.breakwater.server.connection")) {
            plain.onConnect(connection -> {
                connection.readSome(new byte[1]);
                connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                connection.readEnd();
            });
            try (Proxy proxy = Proxy.start(conf(new String[] {"https://127.0.0.1:" + plain.port()}))) {
                assertThat(proxy.get("/").status()).isEqualTo(502);
                assertOutcome(proxy, "tls_failed", 1);
                assertThat(log.lines()).singleElement().asString().endsWith("no TLS is spoken there");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoHangsUpInTheHandshakeFails(boolean orderly) throws IOException {
        try (ScriptedBackend rude = ScriptedBackend.start()) {
            rude.onConnect(connection -> {
                connection.readSome(new byte[1024]);
                if (orderly) {
                    connection.close();
                } else {
                    connection.reset();
                }
            });
            try (Proxy proxy = Proxy.start(conf(new String[] {"https://127.0.0.1:" + rude.port()}))) {
                assertThat(proxy.get("/").status()).isEqualTo(502);
                assertOutcome(proxy, "tls_failed", 1);
            }
        }
    }

    @Test
    void aRefusedConnectionIsNoMatterOfTls() throws IOException {
        int port;
        try (ScriptedBackend gone = ScriptedBackend.start()) {
            port = gone.port();
        }
        try (Proxy proxy = Proxy.start(conf(new String[] {"https://127.0.0.1:" + port}))) {
            assertThat(proxy.get("/").status()).isEqualTo(502);
            assertOutcome(proxy, "connect_failed", 1);
        }
    }

    @Test
    void theTimeToConnectEndsWithTheHandshake() throws Exception {
        ManualTicker ticker = new ManualTicker(0);
        try (ScriptedBackend silent = ScriptedBackend.start()) {
            silent.onConnect(ScriptedBackend.Connection::readEnd);
            String conf = conf(
                    new String[] {"https://127.0.0.1:" + silent.port()},
                    Conf.PATIENT,
                    "lb.pools.default.timeouts.connect = 1s");
            try (Proxy proxy = Proxy.start(conf, ticker);
                    RawClient client = proxy.connect()) {
                client.get("/");
                eventually(() -> assertThat(silent.accepted()).isEqualTo(1));
                proxy.settle();
                ticker.advance(Duration.ofMillis(900));
                proxy.settle();
                assertThat(client.available()).isZero();
                ticker.advance(Duration.ofMillis(300));

                assertThat(client.read().status()).isEqualTo(502);
                assertOutcome(proxy, "connect_timeout", 1);
                silent.connection(1).awaitEnd();
            }
        }
    }

    // ================ where a response ends ================

    private static final String UNFRAMED = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it";

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aBodyUntilTheEndIsWholeIfTheBackendSaysSo(String version) throws IOException {
        TlsServer tls = TlsServer.of(Pki.loopback(Pki.AUTHORITY)).version(version);
        try (ScriptedBackend backend = ScriptedBackend.start(tls);
                Proxy proxy = proxy(backend)) {
            backend.answer(Answers.bytesAndClose(UNFRAMED));
            HttpMessage response = proxy.get("/");

            assertThat(response.complete()).isTrue();
            assertThat(response.text()).isEqualTo("all of it");
            assertOutcome(proxy, "success", 1);
        }
    }

    @Test
    void theEndOfTlsIsTheEndThoughTheConnectionStays() throws IOException {
        Gate gate = new Gate();
        try (ScriptedBackend backend = backend(Pki.loopback(Pki.AUTHORITY));
                Proxy proxy = proxy(backend)) {
            backend.answer((connection, request) -> {
                connection.send(UNFRAMED);
                connection.tls().shutdownOutput();
                gate.pass();
            });

            assertThat(proxy.get("/").text()).isEqualTo("all of it");
            gate.open();
            assertOutcome(proxy, "success", 1);
        }
    }

    @Test
    void aBodyUntilTheEndIsTruncatedIfAnybodyMayHaveEndedIt() throws IOException {
        try (ScriptedBackend backend = backend(Pki.loopback(Pki.AUTHORITY));
                Proxy proxy = proxy(backend)) {
            backend.answer((connection, request) -> {
                connection.send(UNFRAMED);
                connection.cut();
            });

            assertThat(proxy.get("/").complete()).isFalse();
            assertOutcome(proxy, "truncated", 1);
        }
    }

    @Test
    void aBodyWithALengthIsWholeHoweverTheConnectionEnds() throws IOException {
        try (ScriptedBackend backend = backend(Pki.loopback(Pki.AUTHORITY));
                Proxy proxy = proxy(backend)) {
            backend.answer((connection, request) -> {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                connection.cut();
            });
            assertThat(proxy.get("/").text()).isEqualTo("ok");

            backend.answer(Answers.bytesAndClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok"));
            assertThat(proxy.get("/").complete()).isFalse();
            assertOutcome(proxy, "truncated", 1);
            assertOutcome(proxy, "success", 1);
        }
    }

    // ================ connections that are kept ================

    @Test
    void whatTlsSaysOnAnIdleConnectionDoesNotEndIt() throws IOException {
        try (ScriptedBackend backend = backend(Pki.loopback(Pki.AUTHORITY));
                Proxy proxy = proxy(backend, "lb.runtime.event-loops = 1")) {
            assertThat(proxy.get("/").status()).isEqualTo(200);
            backend.connection(1).tls().startHandshake(); // in TLS 1.3: new keys, to be answered with new keys
            proxy.settle();
            assertThat(proxy.get("/").status()).isEqualTo(200);
            assertThat(proxy.get("/").status()).isEqualTo(200);

            assertThat(backend.accepted()).isEqualTo(1);
        }
    }

    @Test
    void bytesThatNobodyAskedForEndAnIdleConnection() throws Exception {
        try (ScriptedBackend backend = backend(Pki.loopback(Pki.AUTHORITY));
                Proxy proxy = proxy(backend, "lb.runtime.event-loops = 1")) {
            backend.answer((connection, request) -> {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                if (connection.number() == 1) {
                    connection.readEnd();
                }
            });
            assertThat(proxy.get("/").text()).isEqualTo("ok");
            backend.connection(1).send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            backend.connection(1).awaitEnd();

            assertThat(proxy.get("/").text()).isEqualTo("ok");
            assertThat(backend.accepted()).isEqualTo(2);
        }
    }

    /** When the sessions of its connections were made: one that is resumed has the time of the first. */
    private static Set<Long> sessions(ScriptedBackend backend) throws IOException {
        Set<Long> made = new HashSet<>();
        for (int i = 1; i <= backend.accepted(); i++) {
            made.add(backend.connection(i).tls().getSession().getCreationTime());
        }
        return made;
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void anotherConnectionResumesTheSession(String version) throws IOException {
        TlsServer tls = TlsServer.of(Pki.loopback(Pki.AUTHORITY)).version(version);
        try (ScriptedBackend backend = ScriptedBackend.start(tls);
                Proxy proxy = proxy(backend)) {
            backend.answer(
                    Answers.bytesAndClose("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"));
            for (int i = 1; i <= 4; i++) {
                assertThat(proxy.get("/").status()).isEqualTo(200);
                assertThat(backend.accepted()).isEqualTo(i);
            }

            assertThat(sessions(backend)).hasSize(1);
        }
    }

    @Test
    void backendsOfOneNameKeepTheirOwnSessions() throws IOException {
        TlsServer one = TlsServer.of(Pki.named("shop.test"));
        TlsServer other = TlsServer.of(Pki.named("shop.test"));
        List<ScriptedBackend> backends = new CopyOnWriteArrayList<>();
        try (ScriptedBackend a = ScriptedBackend.start(one);
                ScriptedBackend b = ScriptedBackend.start(other);
                Proxy proxy = Proxy.start(
                        conf(new String[] {a.url(), b.url()}, "lb.pools.default.tls.server-name = shop.test"))) {
            backends.addAll(List.of(a, b));
            backends.forEach(each -> each.answer(
                    Answers.bytesAndClose("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")));
            for (int i = 0; i < 8; i++) {
                assertThat(proxy.get("/").status()).isEqualTo(200);
            }

            assertThat(sessions(a)).hasSize(1);
            assertThat(sessions(b)).hasSize(1);
        }
    }

    @Test
    void theHostOfABackendIsToldWithItsPort() throws IOException {
        try (ScriptedBackend backend = backend(Pki.loopback(Pki.AUTHORITY));
                Proxy proxy = proxy(backend, "lb.pools.default.host-header = backend", NO_CIRCUIT)) {
            assertThat(proxy.get("/").status()).isEqualTo(200);
            assertThat(backend.onlyRequest().field("Host")).isEqualTo("127.0.0.1:" + backend.port());
        }
    }
}
