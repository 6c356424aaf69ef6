package io.breakwater.server.tls;

import static io.breakwater.server.fixtures.TlsClient.version;
import static io.breakwater.server.tls.TlsFixture.AUTHORITY;
import static io.breakwater.server.tls.TlsFixture.CLIENT;
import static io.breakwater.server.tls.TlsFixture.certificates;
import static io.breakwater.server.tls.TlsFixture.clientCa;
import static io.breakwater.server.tls.TlsFixture.conf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.breakwater.server.config.ReloadResult.Refused;
import io.breakwater.server.config.ReloadResult.Success;
import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.TlsClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Certificates that are replaced while connections are open. */
@Timeout(60)
class TlsReloadTest {

    @TempDir
    private Path folder;

    private final ScriptedBackend backend = ScriptedBackend.start();

    @AfterEach
    void stop() throws IOException {
        backend.close();
    }

    private static TlsClient connect(Proxy proxy) throws IOException {
        return TlsClient.connect(proxy.port("tls"), CLIENT, version("TLSv1.3"));
    }

    private static X509Certificate shown(Proxy proxy) throws IOException {
        try (TlsClient client = connect(proxy)) {
            return client.shown();
        }
    }

    @Test
    void newFilesUnderTheSameNamesAreForNewConnections() throws IOException {
        Certified old = Certified.by(AUTHORITY, folder, "a.test");
        String unchanged = conf(backend, old);
        try (Proxy proxy = Proxy.start(unchanged);
                TlsClient open = connect(proxy)) {
            assertThat(open.http().get("/").read().status()).isEqualTo(200);

            Certified renewed = Certified.by(AUTHORITY, folder, "a.test");
            assertThat(shown(proxy))
                    .as("before the reload")
                    .isEqualTo(old.bundle().getCertificate());
            assertThat(proxy.reload(unchanged))
                    .isEqualTo(new Success(List.of("lb.listeners.tls.tls: other certificates"), List.of()));
            assertThat(proxy.reload(unchanged)).isEqualTo(new Success(List.of(), List.of()));

            assertThat(shown(proxy)).isEqualTo(renewed.bundle().getCertificate());
            assertThat(open.http().get("/").read().status()).isEqualTo(200);
            assertThat(open.shown()).isEqualTo(old.bundle().getCertificate());
        }
    }

    @Test
    void filesThatCannotBeUsedAreRefusedWithTheirPlaceAndChangeNothing() throws IOException {
        Certified good = Certified.by(AUTHORITY, folder, "a.test");
        Certified other = Certified.by(AUTHORITY, folder, "b.test");
        String conf = conf(backend, good);
        try (Proxy proxy = Proxy.start(conf)) {
            Files.copy(other.key(), good.key(), StandardCopyOption.REPLACE_EXISTING);

            assertThat(proxy.reload(conf))
                    .isInstanceOfSatisfying(
                            Refused.class,
                            refused -> assertThat(refused.problems())
                                    .singleElement()
                                    .asString()
                                    .startsWith("test.conf:")
                                    .endsWith(("lb.listeners.tls.tls.certificates[0].private-key: %s"
                                                    + " (expected: the key of the first certificate in %s)")
                                            .formatted(good.key(), good.certificate())));
            assertThat(shown(proxy)).isEqualTo(good.bundle().getCertificate());
        }
    }

    @Test
    void anAddressTurnsFromPlainToTlsAndBack() throws IOException {
        Certified certified = Certified.by(AUTHORITY, folder, "a.test");
        String plain = conf(backend, certified, "lb.listeners.tls.tls.certificates = []");
        try (Proxy proxy = Proxy.start(plain);
                RawClient open = RawClient.connect(proxy.port("tls"))) {
            assertThat(open.get("/").read().status()).isEqualTo(200);

            assertThat(proxy.reload(plain + certificates("lb.listeners.tls", certified)))
                    .isInstanceOf(Success.class);
            assertThat(shown(proxy)).isEqualTo(certified.bundle().getCertificate());
            assertThat(open.get("/").read().status()).isEqualTo(200);

            assertThat(proxy.reload(plain))
                    .asInstanceOf(type(Success.class))
                    .extracting(Success::changes)
                    .asInstanceOf(LIST)
                    .startsWith("lb.listeners.tls.tls: off");
            try (RawClient again = RawClient.connect(proxy.port("tls"))) {
                assertThat(again.get("/").read().status()).isEqualTo(200);
            }
        }
    }

    @Test
    void clientsMustShowACertificateFromTheReloadOn() throws IOException {
        Certified certified = Certified.by(AUTHORITY, folder, "a.test");
        String open = conf(backend, certified);
        try (Proxy proxy = Proxy.start(open)) {
            try (TlsClient client = connect(proxy)) {
                assertThat(client.http().get("/").read().status()).isEqualTo(200);
            }
            assertThat(proxy.reload(open + clientCa(Certified.writeAuthority(AUTHORITY, folder, "clients"))))
                    .isInstanceOf(Success.class);

            // The client offers to resume the session that it has from before.
            assertThatThrownBy(() -> {
                        try (TlsClient client = connect(proxy)) {
                            client.http().get("/").read();
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
    }
}
