package io.breakwater.server.exchange;

import io.breakwater.server.pool.WaitingLine;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.runtime.TimerWheel;
import org.jspecify.annotations.Nullable;

/**
 * The place of an exchange in its pool's line, while every backend has as much to do as it may. Confined to the
 * exchange's event loop, except {@link #call}, which comes from whichever thread freed a slot.
 */
final class QueuedTurn extends WaitingLine.Waiter implements Runnable {
    private final ProxyExchange exchange;
    private final Loop loop;
    private final TimerWheel.Timeout timeout = new Patience();
    private @Nullable WaitingLine line;

    QueuedTurn(ProxyExchange exchange, Loop loop) {
        this.exchange = exchange;
        this.loop = loop;
    }

    /** Takes the last place in the line until the deadline; false when the line is full. */
    boolean take(WaitingLine in, long deadlineNanos) {
        line = in;
        if (!in.join(this)) {
            line = null;
            return false;
        }
        loop.timers().schedule(timeout, deadlineNanos);
        return true;
    }

    @Override
    protected void call() {
        loop.eventLoop().execute(this);
    }

    /** It is our turn, unless we left meanwhile. */
    @Override
    public void run() {
        WaitingLine in = line;
        if (in != null && in.isCalled(this)) {
            exchange.onTurn(loop.now());
        }
    }

    /**
     * There was nothing for us: back to where we stood.
     *
     * @param choosy we cannot take every slot, so that there may be one for those behind us
     */
    void back(boolean choosy) {
        WaitingLine in = line;
        if (in != null) {
            in.back(this, choosy);
        }
    }

    /** Waits no longer, whatever the reason; nothing when it did not wait. */
    void leave() {
        WaitingLine in = line;
        if (in != null) {
            line = null;
            loop.timers().cancel(timeout);
            in.leave(this);
        }
    }

    private final class Patience extends TimerWheel.Timeout {
        @Override
        protected void expired(long nowNanos) {
            leave();
            exchange.onTurnTooLate(nowNanos);
        }
    }
}
