package io.breakwater.server.config;

import java.util.List;

/**
 * {@code lb.listen.tls}: how clients are spoken to.
 *
 * @param certificates chosen by the name that a client asks for (SNI), the first for who names none of theirs; none means
 *     that the listener is plain
 * @param clientCa path of the authorities in PEM, one of which must vouch for a client; empty asks for no certificate
 */
public record ListenerTls(List<CertificateConfig> certificates, String clientCa) {

    public ListenerTls {
        certificates = List.copyOf(certificates);
        new Constraints()
                .require(
                        clientCa.isEmpty() || !certificates.isEmpty(),
                        "client-ca",
                        clientCa,
                        "empty where certificates is: a listener without TLS asks for no certificate")
                .verify();
    }

    /** Whether the listener speaks TLS. */
    public boolean isOn() {
        return !certificates.isEmpty();
    }
}
