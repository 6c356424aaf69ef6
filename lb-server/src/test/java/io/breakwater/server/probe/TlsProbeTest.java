package io.breakwater.server.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.check.HealthStatus;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.Pki;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.TlsServer;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks of {@code https://} backends: both types go over TLS, and say in a few words why that failed. */
@Timeout(30)
class TlsProbeTest {
    @TempDir
    Path folder;

    private Checked checked(String url, String type) {
        return new Checked(
                url,
                "health-check.type = " + type,
                "tls.ca = \"" + Certified.writeAuthority(Pki.AUTHORITY, folder, "ca") + "\"");
    }

    private static ScriptedBackend backend(X509Bundle certificate) {
        return ScriptedBackend.start(TlsServer.of(certificate)).onConnect(connection -> {
            connection.tls();
            connection.answerEachRequest();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "tcp"})
    void aVerifiedBackendPasses(String type) throws IOException {
        try (ScriptedBackend backend = backend(Pki.loopback(Pki.AUTHORITY));
                Checked checked = checked(backend.url(), type)) {
            assertThat(checked.result(1))
                    .isEqualTo(ProbeResult.passed(type.equals("tcp") ? "connected" : "status 200"));
            assertThat(checked.checker.snapshot().status()).isEqualTo(HealthStatus.HEALTHY);
        }
    }

    static Stream<Arguments> unacceptable() {
        return Stream.of(
                Arguments.of("untrusted certificate", Pki.loopback(Pki.STRANGER)),
                Arguments.of("certificate expired", Pki.expired()),
                Arguments.of("certificate expired", Pki.ofExpiredIssuer()),
                Arguments.of(
                        "TLS: Extended key usage does not permit use for TLS server authentication", Pki.forClients()),
                Arguments.of("certificate not yet valid", Pki.early()),
                Arguments.of("wrong host name", Pki.named("elsewhere.test")));
    }

    @ParameterizedTest
    @MethodSource("unacceptable")
    void whatIsWrongWithACertificateIsSaid(String reason, X509Bundle certificate) throws IOException {
        try (ScriptedBackend backend = backend(certificate)) {
            for (String type : new String[] {"http", "tcp"}) {
                try (Checked checked = checked(backend.url(), type)) {
                    assertThat(checked.result(1)).isEqualTo(ProbeResult.failed(reason));
                }
            }
        }
    }

    @Test
    void whoSpeaksPlainHttpFails() throws IOException {
        try (ScriptedBackend plain = ScriptedBackend.start()) {
            plain.onConnect(connection -> {
                connection.readSome(new byte[1]);
                connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                connection.readEnd();
            });
            try (Checked checked = checked("https://127.0.0.1:" + plain.port(), "tcp")) {
                assertThat(checked.result(1)).isEqualTo(ProbeResult.failed("no TLS is spoken there"));
            }
        }
    }

    @Test
    void whoHangsUpInTheHandshakeFails() throws IOException {
        try (ScriptedBackend rude = ScriptedBackend.start()) {
            rude.onConnect(connection -> {
                connection.finish();
                connection.readEnd();
            });
            try (Checked checked = checked("https://127.0.0.1:" + rude.port(), "tcp")) {
                assertThat(checked.result(1))
                        .isEqualTo(ProbeResult.failed("connection closed during the TLS handshake"));
            }
        }
    }

    @Test
    void aHandshakeThatDoesNotEndIsATimeout() throws IOException {
        try (ScriptedBackend silent = ScriptedBackend.start().onConnect(ScriptedBackend.Connection::readEnd);
                Checked checked = checked("https://127.0.0.1:" + silent.port(), "tcp")) {
            checked.housekeeping.loop().eventLoop().submit(() -> {}).syncUninterruptibly();
            checked.ticker.advance(Checked.TIMEOUT);

            assertThat(checked.result(1)).isEqualTo(ProbeResult.timeout("no connection in time"));
        }
    }
}
