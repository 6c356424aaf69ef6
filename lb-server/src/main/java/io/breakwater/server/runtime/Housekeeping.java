package io.breakwater.server.runtime;

import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.time.Cancellable;
import io.breakwater.time.Scheduler;
import io.breakwater.time.Ticker;
import io.netty.channel.socket.SocketChannel;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop, with a thread of its own, for what no request waits for: tasks in time, and the connections of health
 * checks. Requests are served by other loops, so that checks of thousands of backends do not delay them. Tasks run at
 * most a tick of the {@link TimerWheel} after their time. Safe from any thread.
 */
public final class Housekeeping implements Scheduler, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

    private final EventLoops loops;
    private final Loop loop;

    private Housekeeping(EventLoops loops) {
        this.loops = loops;
        this.loop = loops.loops().get(0);
    }

    /** Starts the loop. */
    public static Housekeeping start(Transport transport, Ticker ticker) {
        return new Housekeeping(EventLoops.start(transport, 1, ticker, "housekeeping"));
    }

    public Loop loop() {
        return loop;
    }

    /** The kind of sockets that the loop serves. */
    public Class<? extends SocketChannel> channel() {
        return loops.channel();
    }

    @Override
    public Cancellable schedule(long atNanos, Runnable action) {
        Task task = new Task(action);
        if (atNanos - loop.now() <= 0) {
            onLoop(task::run); // not inside this call, and without waiting for the next tick
        } else if (loop.eventLoop().inEventLoop()) {
            loop.timers().schedule(task, atNanos);
        } else {
            onLoop(() -> loop.timers().schedule(task, atNanos));
        }
        return task;
    }

    private void onLoop(Runnable action) {
        try {
            loop.eventLoop().execute(action);
        } catch (RejectedExecutionException e) {
            LOG.debug("closed: nothing is done any more", e);
        }
    }

    /** Ends the loop; what waits for its time is not done any more. */
    @Override
    public void close() {
        loops.close();
    }

    private final class Task extends TimerWheel.Timeout implements Cancellable {
        private final Runnable action;
        private volatile boolean cancelled;

        Task(Runnable action) {
            this.action = action;
        }

        @Override
        protected void expired(long nowNanos) {
            run();
        }

        private void run() {
            if (cancelled) {
                return;
            }
            try {
                action.run();
            } catch (RuntimeException | AssertionError e) {
                LOG.error("a task failed", e);
            }
        }

        @Override
        public void cancel() {
            if (cancelled) {
                return;
            }
            cancelled = true;
            if (loop.eventLoop().inEventLoop()) {
                loop.timers().remove(this);
            } else {
                onLoop(() -> loop.timers().remove(this));
            }
        }
    }
}
