package io.breakwater.server.tls;

import io.breakwater.server.config.CertificateConfig;
import io.breakwater.server.config.Identity;
import io.breakwater.server.config.ListenerTls;
import io.breakwater.server.config.PemFile;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.StandardConstants;
import org.jspecify.annotations.Nullable;

/** What the connections of a listener speak TLS with. Immutable, safe from any thread. */
public final class ListenerSsl {

    /**
     * Mozilla's intermediate set (wiki.mozilla.org/Security/Server_Side_TLS), less its three with DHE: whoever speaks GCM
     * speaks ECDHE as well, and a DHE handshake costs us many times what it costs who asks for it (CVE-2002-20001).
     */
    private static final List<String> CIPHERS = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    /**
     * Sessions that are kept for clients of TLS 1.2 without tickets, a few KiB each; all others bring theirs along. Java's
     * own bounds are 20480 of them and a day.
     */
    private static final int SESSIONS = 4096;

    private static final Duration SESSION_TIMEOUT = Duration.ofHours(1);

    /** A client that offers others only is told so, with an alert (RFC 7301 section 3.2). */
    private static final ApplicationProtocolConfig ALPN = new ApplicationProtocolConfig(
            Protocol.ALPN,
            SelectorFailureBehavior.FATAL_ALERT,
            SelectedListenerFailureBehavior.ACCEPT,
            ApplicationProtocolNames.HTTP_1_1);

    /**
     * Takes any name. Without one Java would resume a session under another name than it was made for (RFC 6066 section 3
     * forbids that).
     */
    private static final SNIMatcher ANY_NAME = new SNIMatcher(StandardConstants.SNI_HOST_NAME) {
        @Override
        public boolean matches(SNIServerName name) {
            return true;
        }
    };

    private final SslContext context;
    /** What was in the files: our chains in their order, and last those who vouch for clients. */
    private final List<List<X509Certificate>> certificates;

    private ListenerSsl(SslContext context, List<List<X509Certificate>> certificates) {
        this.context = context;
        this.certificates = List.copyOf(certificates);
    }

    /**
     * Reads the files that the configuration names; blocks on them.
     *
     * @param before what the listener has had so far, if it speaks TLS
     * @return null for a listener without TLS; {@code before} if the same is in the files, so that clients can go on with
     *     the sessions that they have
     * @throws IOException if they changed since the configuration was checked, and cannot be used any more
     */
    public static @Nullable ListenerSsl of(ListenerTls config, @Nullable ListenerSsl before) throws IOException {
        if (!config.isOn()) {
            return null;
        }
        List<Identity> identities = new ArrayList<>();
        for (CertificateConfig each : config.certificates()) {
            identities.add(Identity.read(each.certificate(), each.privateKey()));
        }
        List<X509Certificate> authorities = config.clientCa().isEmpty()
                ? List.of()
                : PemFile.read(config.clientCa()).certificates();
        List<List<X509Certificate>> certificates = new ArrayList<>();
        identities.forEach(identity -> certificates.add(identity.chain()));
        certificates.add(authorities);
        if (before != null && before.certificates.equals(certificates)) {
            return before;
        }
        SslContextBuilder builder = SslContextBuilder.forServer(new IdentityByName(identities))
                .sslProvider(SslProvider.JDK)
                .protocols("TLSv1.3", "TLSv1.2")
                .ciphers(CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
                .applicationProtocolConfig(ALPN)
                .sessionCacheSize(SESSIONS)
                .sessionTimeout(SESSION_TIMEOUT.toSeconds());
        if (!authorities.isEmpty()) {
            builder.trustManager(authorities).clientAuth(ClientAuth.REQUIRE);
        }
        return new ListenerSsl(builder.build(), certificates);
    }

    /** Returns what one connection speaks through. It waits for the handshake without end: its owner bounds that. */
    public SslHandler newHandler(ByteBufAllocator allocator) {
        SslHandler handler = context.newHandler(allocator);
        handler.setHandshakeTimeoutMillis(0);
        SSLParameters parameters = handler.engine().getSSLParameters();
        parameters.setSNIMatchers(List.of(ANY_NAME));
        handler.engine().setSSLParameters(parameters);
        return handler;
    }
}
