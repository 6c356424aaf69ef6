package io.breakwater.server.tls;

import io.breakwater.server.config.Identity;
import io.breakwater.server.config.PemException;
import io.breakwater.server.config.PemFile;
import io.breakwater.server.config.UpstreamTls;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * How the {@code https://} backends of a pool are spoken to: TLS 1.2 or 1.3, by what the files of its settings held when
 * they were read. It keeps the backends' sessions, so that connecting again is cheap. Immutable, safe from any thread.
 */
public final class ClientTls {
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    private final Material material;
    private final SslContext context;

    private ClientTls(Material material, SslContext context) {
        this.material = material;
        this.context = context;
    }

    /**
     * All that two of them can differ in.
     *
     * @param authorities that vouch for the backends; none for those that Java trusts
     * @param serverName empty for the backend's host
     */
    private record Material(
            List<X509Certificate> authorities,
            String serverName,
            boolean verify,
            @Nullable Identity identity) {

        static Material read(UpstreamTls settings) throws PemException {
            return new Material(
                    settings.ca().isEmpty()
                            ? List.of()
                            : PemFile.read(settings.ca()).certificates(),
                    settings.serverName(),
                    settings.verify(),
                    settings.certificate().isEmpty()
                            ? null
                            : Identity.read(settings.certificate(), settings.privateKey()));
        }

        SslContext context() throws SSLException {
            // The name is checked as HTTPS does (RFC 9110 section 4.3.4), or nothing is checked at all.
            SslContextBuilder builder = SslContextBuilder.forClient()
                    .sslProvider(SslProvider.JDK)
                    .protocols(PROTOCOLS)
                    .endpointIdentificationAlgorithm(verify ? "HTTPS" : null);
            if (!verify) {
                builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
            } else if (!authorities.isEmpty()) {
                builder.trustManager(authorities);
            }
            if (identity != null) {
                builder.keyManager(identity.key(), identity.chain());
            }
            return builder.build();
        }
    }

    /**
     * Reads the files; blocks on them.
     *
     * @param before what the pool has now, if anything
     * @return {@code before} if the files hold the same as then, so that its sessions and connections stay in use
     */
    public static ClientTls read(UpstreamTls settings, @Nullable ClientTls before) throws PemException, SSLException {
        Material material = Material.read(settings);
        return before != null && before.material.equals(material)
                ? before
                : new ClientTls(material, material.context());
    }

    /** Returns how one backend is spoken to. */
    public TlsPeer to(String host, int port) {
        String name = material.serverName().isEmpty() ? host : material.serverName();
        return TlsPeer.of(context, name, host, port);
    }
}
