package io.breakwater.server.config;

/**
 * {@code tls} of a pool: how its {@code https://} backends are spoken to.
 *
 * @param ca path of the authorities in PEM that vouch for the backends; empty for those that Java trusts
 * @param serverName the name that is asked for (SNI) and that the certificate must have; empty for the backend's host
 * @param verify whether a backend must have a certificate that is good for it
 * @param certificate path of what we show a backend that asks; empty for nothing
 * @param privateKey path of its key
 */
public record UpstreamTls(String ca, String serverName, boolean verify, String certificate, String privateKey) {

    public UpstreamTls {
        new Constraints()
                .require(
                        serverName.isEmpty() || HostPort.isHost(serverName),
                        "server-name",
                        serverName,
                        "a host name, or empty for the backend's own")
                .require(
                        certificate.isEmpty() == privateKey.isEmpty(),
                        certificate.isEmpty() ? "private-key" : "certificate",
                        certificate + privateKey,
                        "together with " + (certificate.isEmpty() ? "certificate" : "private-key"))
                .verify();
    }
}
