package io.breakwater.server.connection;

import io.breakwater.health.Outcome;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.tls.TlsPeer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.socket.SocketChannel;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes connections that belong to nobody's pool: each is new, and its user's to close. They are made as those for
 * requests are, by the same addresses. To be used on its event loop.
 */
public final class Dialer {
    private final Loop loop;
    private final Bootstrap bootstrap;
    private final AddressBook addresses;

    public Dialer(Loop loop, Class<? extends SocketChannel> channelType, AddressBook addresses) {
        this.loop = loop;
        this.bootstrap = UpstreamBootstrap.create(loop.eventLoop(), channelType);
        this.addresses = addresses;
    }

    /**
     * Where to, and how.
     *
     * @param host without brackets
     * @param tls by which TLS is spoken; null if it is not
     */
    public record Target(String host, int port, @Nullable TlsPeer tls) {}

    /** Who is told what came of it, on the event loop; not after {@link Connecting#cancel}. */
    public interface Result {

        /** The connection is there, and where TLS is spoken the handshake is done. */
        void onConnected(Channel channel);

        /**
         * @param outcome whose fault it is
         */
        void onFailed(Outcome outcome, Throwable cause);
    }

    /**
     * Connects to a backend, later or before this returns. The caller bounds the time.
     *
     * @param initializer puts the handlers into each channel that is tried; several may be tried at a time
     */
    public Connecting connect(Target to, Consumer<Channel> initializer, Result result) {
        Connector connector =
                new Connector(loop, bootstrap, initializer, result, addresses.of(to.host(), to.port()), to.tls());
        connector.start();
        return connector;
    }
}
