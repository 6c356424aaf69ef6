package io.breakwater.server.probe;

import io.breakwater.health.check.Probe;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.server.connection.Dialer;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Passes if a connection can be made, and closes it. Safe from any thread. */
final class TcpProbe implements Probe {
    private final EventLoop loop;
    private final Dialer dialer;
    private final String host;
    private final int port;

    /**
     * @param loop of the dialer
     */
    TcpProbe(EventLoop loop, Dialer dialer, String host, int port) {
        this.loop = loop;
        this.dialer = dialer;
        this.host = host;
        this.port = port;
    }

    @Override
    public Attempt start(long deadlineNanos, Callback callback) {
        Check check = new Check(loop, callback);
        check.start(dialer, host, port);
        return check;
    }

    private static final class Check extends Dialled {
        Check(EventLoop loop, Callback callback) {
            super(loop, callback);
        }

        @Override
        void initialize(Channel tried) {
            // Nothing is read or written.
        }

        @Override
        void connected(Channel made) {
            made.close();
            tell(ProbeResult.passed("connected"));
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TcpProbe that && host.equals(that.host) && port == that.port;
    }

    @Override
    public int hashCode() {
        return Objects.hash(host, port);
    }
}
