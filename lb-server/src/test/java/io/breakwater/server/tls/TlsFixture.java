package io.breakwater.server.tls;

import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;

/** A balancer with a plain listener, and a further one, {@code tls}, that shows these certificates. */
final class TlsFixture {

    static final X509Bundle AUTHORITY = Certified.authority("authority");

    /** A client that trusts the authority and shows nothing of itself. */
    static final SSLContext CLIENT = Certified.client(AUTHORITY, null);

    private TlsFixture() {}

    static String conf(ScriptedBackend backend, Certified certified, String... overrides) {
        return Conf.everything(backend.url(), "lb.listeners.tls { host = 127.0.0.1, port = 0 }")
                + certificates("lb.listeners.tls", certified)
                + String.join("\n", overrides) + "\n";
    }

    /** The line that gives a listener these. */
    static String certificates(String listener, Certified... certified) {
        return listener + ".tls.certificates = [ "
                + Arrays.stream(certified)
                        .map(each -> "{ certificate = \"%s\", private-key = \"%s\" }"
                                .formatted(each.certificate(), each.key()))
                        .collect(Collectors.joining(", "))
                + " ]\n";
    }

    static String clientCa(Path file) {
        return "lb.listeners.tls.tls.client-ca = \"" + file + "\"\n";
    }
}
