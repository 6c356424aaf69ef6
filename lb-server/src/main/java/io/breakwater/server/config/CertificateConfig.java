package io.breakwater.server.config;

/**
 * A certificate with its key, as files in PEM.
 *
 * @param certificate path of the certificate, followed by those of its issuers
 * @param privateKey path of its key
 */
public record CertificateConfig(String certificate, String privateKey) {}
