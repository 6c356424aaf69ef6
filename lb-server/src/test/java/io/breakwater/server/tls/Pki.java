package io.breakwater.server.tls;

import io.breakwater.server.fixtures.Certified;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** Certificates of backends. */
final class Pki {
    static final X509Bundle AUTHORITY = Certified.authority("Test Authority");
    static final X509Bundle STRANGER = Certified.authority("Nobody's Authority");

    private Pki() {}

    /** For this machine by name and addresses. */
    static X509Bundle loopback(X509Bundle authority) {
        return issued(
                new CertificateBuilder()
                        .addSanDnsName("localhost")
                        .addSanIpAddress("127.0.0.1")
                        .addSanIpAddress("::1"),
                authority);
    }

    static X509Bundle named(String name) {
        return issued(new CertificateBuilder().addSanDnsName(name), AUTHORITY);
    }

    /** Good for the address, until a day ago. */
    static X509Bundle expired() {
        Instant now = Instant.now();
        return issued(
                new CertificateBuilder()
                        .addSanIpAddress("127.0.0.1")
                        .notBefore(now.minus(Duration.ofDays(2)))
                        .notAfter(now.minus(Duration.ofDays(1))),
                AUTHORITY);
    }

    private static X509Bundle issued(CertificateBuilder builder, X509Bundle authority) {
        try {
            return builder.ecp256().subject("CN=backend").buildIssuedBy(authority);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The line of a pool that trusts this authority. */
    static String trusting(X509Bundle authority, Path folder) {
        return "lb.pools.default.tls.ca = \"" + Certified.writeAuthority(authority, folder, "ca") + "\"";
    }
}
