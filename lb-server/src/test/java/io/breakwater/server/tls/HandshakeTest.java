package io.breakwater.server.tls;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static io.breakwater.server.fixtures.TlsClient.named;
import static io.breakwater.server.fixtures.TlsClient.version;
import static io.breakwater.server.tls.TlsFixture.AUTHORITY;
import static io.breakwater.server.tls.TlsFixture.CLIENT;
import static io.breakwater.server.tls.TlsFixture.certificates;
import static io.breakwater.server.tls.TlsFixture.clientCa;
import static io.breakwater.server.tls.TlsFixture.conf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.End;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Logged;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.TlsClient;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets TLS from a listener, with which certificate, and what becomes of the others. */
@Timeout(60)
class HandshakeTest {

    @TempDir
    private static Path folder;

    private final ManualTicker ticker = new ManualTicker(-1);
    private final ScriptedBackend backend = ScriptedBackend.start();
    private final Certified first = Certified.by(AUTHORITY, folder, "a.test", "also.test");
    private Proxy proxy = Proxy.start(conf(backend, first), ticker);

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        backend.close();
    }

    private void restart(String... overrides) {
        proxy.close();
        proxy = Proxy.start(conf(backend, first, overrides), ticker);
    }

    private static void asJavaDoes(SSLParameters parameters) {}

    private TlsClient connect(Consumer<SSLParameters> settings) throws IOException {
        return TlsClient.connect(proxy.port("tls"), CLIENT, settings);
    }

    private HttpMessage get(SSLContext context, Consumer<SSLParameters> settings) throws IOException {
        try (TlsClient client = TlsClient.connect(proxy.port("tls"), context, settings)) {
            return client.http().get("/").read();
        }
    }

    private void assertNothingCounted() {
        eventually(() ->
                assertThat(proxy.metric("lb_connections", "side", "downstream")).isZero());
        assertThat(proxy.metric("lb_requests_total", "route", "/")).isZero();
        assertThat(proxy.metric("lb_requests_total", "route", "none")).isZero();
        assertThat(proxy.metric("lb_rejections_total")).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "a.test, a.test",
        "ALSO.Test, a.test",
        "x.b.test, x.b.test",
        "X.B.TEST, x.b.test",
        "y.b.test, *.b.test",
        "z.y.b.test, a.test",
        "b.test, a.test",
        "test, a.test",
        "elsewhere.test, a.test",
        "c.test, c.test",
    })
    void theCertificateIsThatOfTheNameThatIsAskedFor(String name, String subject) throws IOException {
        restart(certificates(
                "lb.listeners.tls",
                first,
                Certified.by(AUTHORITY, folder, "*.b.test"),
                Certified.by(AUTHORITY, folder, "x.b.test"),
                Certified.ofRsaBy(AUTHORITY, folder, "c.test")));

        for (String protocol : new String[] {"TLSv1.2", "TLSv1.3"}) {
            try (TlsClient client = connect(named(name).andThen(version(protocol)))) {
                assertThat(client.shown().getSubjectX500Principal().getName()).isEqualTo("CN=" + subject);
                assertThat(client.http().get("/").read().status()).isEqualTo(200);
            }
        }
    }

    @Test
    void aClientThatAsksForNoNameGetsTheFirst() throws IOException {
        restart(certificates("lb.listeners.tls", first, Certified.by(AUTHORITY, folder, "other.test")));

        try (TlsClient client = connect(HandshakeTest::asJavaDoes)) {
            assertThat(client.shown()).isEqualTo(first.bundle().getCertificate());
        }
    }

    @Test
    void ofTwoForOneNameAClientGetsThatWhoseKeyItTakes() throws IOException {
        Certified rsa = Certified.ofRsaBy(AUTHORITY, folder.resolve("."), "rsa.test", "a.test");
        restart(certificates("lb.listeners.tls", first, rsa));
        Consumer<SSLParameters> onlyRsa = version("TLSv1.2")
                .andThen(parameters ->
                        parameters.setCipherSuites(new String[] {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}));

        try (TlsClient client = connect(named("a.test").andThen(onlyRsa))) {
            assertThat(client.shown()).isEqualTo(rsa.bundle().getCertificate());
        }
        // Another context, with no session: Java's client would resume that of a.test, and ask for that name again.
        SSLContext fresh = Certified.client(AUTHORITY, null);
        assertThatThrownBy(() -> TlsClient.connect(
                        proxy.port("tls"), fresh, named("elsewhere.test").andThen(onlyRsa)))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("handshake_failure");
    }

    @Test
    void theBackendIsToldThatTheClientCameOverTls() throws IOException {
        assertThat(get(CLIENT, HandshakeTest::asJavaDoes).status()).isEqualTo(200);
        assertThat(backend.onlyRequest().field("X-Forwarded-Proto")).isEqualTo("https");
        assertThat(proxy.get("/").status()).isEqualTo(200);
        assertThat(backend.requests().get(1).field("X-Forwarded-Proto")).isEqualTo("http");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {"h2,http/1.1 | http/1.1", "http/1.1 | http/1.1", "none | ''"})
    void theProtocolAboveIsHttp11(String offered, String chosen) throws IOException {
        try (TlsClient client = connect(parameters -> {
            if (offered != null) {
                parameters.setApplicationProtocols(offered.split(","));
            }
        })) {
            assertThat(client.applicationProtocol()).isEqualTo(chosen);
            assertThat(client.http().get("/").read().status()).isEqualTo(200);
        }
    }

    @Test
    void aClientThatSpeaksNoHttp11IsTold() {
        assertThatThrownBy(() -> connect(parameters -> parameters.setApplicationProtocols(new String[] {"h2"})))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("no_application_protocol");
        assertNothingCounted();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void whereAnAuthorityIsNamedOnlyItsClientsGetThrough(String protocol) throws IOException {
        var authority = Certified.authority("clients");
        restart(clientCa(Certified.writeAuthority(authority, folder, "clients")));
        Certified known = Certified.by(authority, folder, "known");
        Certified stranger = Certified.by(AUTHORITY, folder, "stranger");

        assertThatThrownBy(() -> get(CLIENT, version(protocol))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> get(Certified.client(AUTHORITY, stranger), version(protocol)))
                .isInstanceOf(IOException.class);
        assertNothingCounted();
        assertThat(backend.accepted()).isZero();

        assertThat(get(Certified.client(AUTHORITY, known), version(protocol)).status())
                .isEqualTo(200);
    }

    /** A ClientHello of TLS 1.1; Java itself sends none any more. */
    @Test
    void anOldVersionIsRefusedWithAnAlert() throws IOException {
        byte[] hello = HexFormat.of()
                .parseHex("160301002f" + "0100002b" + "0302" + "5a".repeat(32) + "00" + "0004c013002f" + "0100");
        try (RawClient client = RawClient.connect(proxy.port("tls"))) {
            client.send(hello);

            assertThat(client.readByte()).as("an alert").isEqualTo(21);
            byte[] rest = new byte[6];
            for (int i = 0; i < rest.length; i++) {
                rest[i] = (byte) client.readByte();
            }
            assertThat(rest[5]).as("protocol_version").isEqualTo((byte) 70);
            assertThat(client.readEnd()).isEqualTo(End.FIN);
        }
        assertNothingCounted();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "474554202f20485454502f312e310d0a486f73743a20780d0a0d0a", // GET / HTTP/1.1
                "00000000000000000000000000000000",
                "1603010005ffffffffff",
                "16030100040100000000",
                "1603030000",
                "160301ffff01",
                "1703030005aaaaaaaaaa",
                "15030300020100",
            })
    void whatIsNoHandshakeEndsTheConnectionAndCountsNothing(String hex) throws IOException {
        try (Logged log = Logged.by("io.breakwater.server.listener.DownstreamConnection");
                RawClient client = RawClient.connect(proxy.port("tls"))) {
            client.send(HexFormat.of().parseHex(hex));
            client.finish();

            client.readEnd();
            assertNothingCounted();
            assertThat(log.lines()).isEmpty();
        }
    }

    /** Messages of a handshake may span records, and say how long they will be. */
    @Test
    void aHandshakeThatPromisesMuchIsNotWaitedFor() throws IOException {
        try (RawClient client = RawClient.connect(proxy.port("tls"))) {
            client.send(HexFormat.of().parseHex("1603014000" + "01ffffff" + "00".repeat(0x4000 - 4)));

            assertThat(client.readByte()).as("an alert").isEqualTo(21);
            client.readEnd();
        }
        assertNothingCounted();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "16", "1603010200010001fc0303"})
    void aHandshakeHasTheTimeOfTheFirstHead(String hex) throws IOException {
        try (RawClient client = RawClient.connect(proxy.port("tls"))) {
            client.send(HexFormat.of().parseHex(hex));
            proxy.settle();
            ticker.advance(Duration.ofSeconds(9));
            eventually(() -> assertThat(proxy.metric("lb_connections", "side", "downstream"))
                    .isEqualTo(1));
            ticker.advance(Duration.ofSeconds(2));

            assertThat(client.readEnd()).isEqualTo(End.FIN);
        }
        assertNothingCounted();
    }

    @Test
    void theTimeOfTheFirstHeadGoesOnAfterTheHandshake() throws IOException {
        try (TlsClient client = connect(version("TLSv1.2"))) {
            proxy.settle();
            ticker.advance(Duration.ofSeconds(11));

            assertThat(client.http().readEnd()).isEqualTo(End.FIN);
            assertThat(client.lastWasAlert()).as("close_notify").isTrue();
        }
        assertNothingCounted();
    }

    @Test
    void aListenerThatIsFullClosesWithoutAHandshake() throws IOException {
        restart("lb.listeners.tls.max-connections = 1");
        try (TlsClient one = connect(HandshakeTest::asJavaDoes)) {
            assertThatThrownBy(() -> connect(HandshakeTest::asJavaDoes)).isInstanceOf(IOException.class);

            assertThat(proxy.metric("lb_rejections_total", "reason", "connection_limit"))
                    .isEqualTo(1);
            assertThat(one.http().get("/").read().status()).isEqualTo(200);
        }
        eventually(() ->
                assertThat(get(CLIENT, HandshakeTest::asJavaDoes).status()).isEqualTo(200));
    }

    @Test
    void aDrainEndsHandshakesAndIdleConnections() throws Exception {
        try (TlsClient idle = connect(version("TLSv1.2"));
                RawClient shaking = RawClient.connect(proxy.port("tls"))) {
            shaking.send(HexFormat.of().parseHex("16"));
            proxy.settle();

            FutureTask<Integer> drain = new FutureTask<>(proxy::drain);
            new Thread(drain, "drain").start();
            eventually(() -> assertThatThrownBy(
                            () -> RawClient.connect(proxy.port("tls")).close())
                    .isInstanceOf(Exception.class));
            ticker.advance(Duration.ofSeconds(1));

            assertThat(drain.get()).isZero();
            assertThat(shaking.readEnd()).isEqualTo(End.FIN);
            assertThat(idle.http().readEnd()).isEqualTo(End.FIN);
            assertThat(idle.lastWasAlert()).as("close_notify").isTrue();
        }
    }
}
