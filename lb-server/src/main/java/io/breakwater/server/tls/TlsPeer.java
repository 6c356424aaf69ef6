package io.breakwater.server.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLParameters;

/**
 * How one backend is spoken to. Two are equal if a connection made by the one may serve in place of one made by the other.
 * Immutable, safe from any thread.
 *
 * @param name what its certificate is for: a host name or an address
 * @param sessions where the sessions with it are kept among those of {@code context}: Java's cache has the name and this
 *     number for a key, which is a port by name only
 * @param asked the name that is asked for; none if it is an address (RFC 6066 section 3)
 */
public record TlsPeer(SslContext context, String name, int sessions, List<SNIServerName> asked) {

    static TlsPeer of(SslContext context, String name, String host, int port) {
        // A certificate has no name with a dot at its end, and neither has SNI.
        String plain = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        boolean address = NetUtil.isValidIpV4Address(plain) || NetUtil.isValidIpV6Address(plain);
        return new TlsPeer(
                context,
                plain,
                (host + ":" + port).hashCode() & Integer.MAX_VALUE,
                // Of bytes: as text, Java refuses names with an underscore.
                address ? List.of() : List.of(new SNIHostName(plain.getBytes(US_ASCII))));
    }

    /** Makes what speaks TLS on one new connection. The caller bounds the time of the handshake. */
    public SslHandler handler(ByteBufAllocator alloc) {
        SslHandler handler = context.newHandler(alloc, name, sessions);
        SSLParameters parameters = handler.engine().getSSLParameters();
        // Java by itself asks for no name without a dot.
        parameters.setServerNames(asked);
        handler.engine().setSSLParameters(parameters);
        handler.setHandshakeTimeoutMillis(0);
        return handler;
    }
}
