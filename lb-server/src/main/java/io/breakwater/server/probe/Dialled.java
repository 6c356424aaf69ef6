package io.breakwater.server.probe;

import io.breakwater.health.Outcome;
import io.breakwater.health.check.Probe;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.server.connection.Connecting;
import io.breakwater.server.connection.Dialer;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One check over a connection of its own. It ends when it has told its result, or was cancelled; the connection may live
 * a little longer. Confined to its event loop, except where a method says otherwise.
 */
abstract class Dialled implements Probe.Attempt, Dialer.Result {
    private final EventLoop loop;
    private final Probe.Callback callback;
    private volatile String awaits = "connection";
    private @Nullable Connecting connecting;
    private @Nullable Channel channel;
    private boolean over;
    private boolean cancelled;

    Dialled(EventLoop loop, Probe.Callback callback) {
        this.loop = loop;
        this.callback = callback;
    }

    /** Begins. From any thread. */
    final void start(Dialer dialer, Dialer.Target to) {
        run(() -> {
            if (!cancelled) {
                connecting = dialer.connect(to, this::initialize, this);
            }
        });
    }

    /** Puts the handlers into a channel that is tried. Several may be tried at a time, for a name has many addresses. */
    abstract void initialize(Channel tried);

    /** The connection is there, and where TLS is spoken the handshake is done. */
    abstract void connected(Channel made);

    @Override
    public final void onConnected(Channel made) {
        channel = made;
        connected(made);
    }

    @Override
    public final void onFailed(Outcome outcome, Throwable cause) {
        if (outcome.origin() == Outcome.Origin.LOCAL) {
            tellLocalError(cause);
        } else {
            tell(ProbeResult.failed(Causes.text(cause)));
        }
    }

    final void tell(ProbeResult result) {
        if (!over) {
            over = true;
            callback.onResult(result);
        }
    }

    final void tellLocalError(Throwable cause) {
        if (!over) {
            over = true;
            callback.onLocalError(Causes.text(cause));
        }
    }

    /** Whether nobody waits for a result any more. */
    final boolean isOver() {
        return over;
    }

    /** Whether this is the connection that the check goes over. */
    final boolean goesOver(Channel one) {
        return channel == one;
    }

    final void nowAwaits(String what) {
        awaits = what;
    }

    @Override
    public final String awaits() {
        return awaits;
    }

    @Override
    public final void cancel() {
        run(() -> {
            over = true;
            cancelled = true;
            if (connecting != null) {
                connecting.cancel();
            }
            if (channel != null) {
                channel.close();
            }
        });
    }

    private void run(Runnable action) {
        if (loop.inEventLoop()) {
            action.run();
            return;
        }
        try {
            loop.execute(action);
        } catch (RejectedExecutionException e) {
            // The loop has ended, and with it its connections.
        }
    }
}
