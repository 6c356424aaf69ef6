package io.breakwater.server.runtime;

import io.breakwater.time.Ticker;
import io.netty.channel.EventLoop;

/**
 * One event loop with what belongs to it alone. A downstream connection and the upstream connections that serve it
 * live on the same loop, so nothing on the request path needs a lock.
 */
public final class Loop {
    private final int index;
    private final EventLoop eventLoop;
    private final Turns turns;
    private final Ticker ticker;
    private final TimerWheel timers;

    Loop(int index, EventLoop eventLoop, Turns turns, Ticker ticker) {
        this.index = index;
        this.eventLoop = eventLoop;
        this.turns = turns;
        this.ticker = ticker;
        this.timers = new TimerWheel(eventLoop, ticker);
    }

    /** Counts from 0. */
    public int index() {
        return index;
    }

    public EventLoop eventLoop() {
        return eventLoop;
    }

    /** The reading of the ticker that all decisions use. */
    public long now() {
        return ticker.read();
    }

    /** To be used on the loop only. */
    public Turns turns() {
        return turns;
    }

    /** To be used on the loop only. */
    public TimerWheel timers() {
        return timers;
    }
}
