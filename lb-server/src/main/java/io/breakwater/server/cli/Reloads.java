package io.breakwater.server.cli;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns SIGHUPs into reloads, one at a time on a thread of its own, because a signal's thread must not block. Those that
 * come during a reload are one more together, so that the file is read again after the last of them. Those that come
 * before the balancer serves wait until it does. Safe to use from any thread.
 */
final class Reloads {
    private static final Logger LOG = LoggerFactory.getLogger(Reloads.class);

    // All of it belongs to whoever holds the lock of this object.
    private @Nullable RunningBalancer balancer;
    private boolean wanted;
    private boolean running;
    private boolean ended;

    /** A SIGHUP came. */
    synchronized void want() {
        if (ended) {
            LOG.info("SIGHUP: not reloaded, for the balancer is stopping");
            return;
        }
        wanted = true;
        runIfIdle();
    }

    /** The balancer serves from now on. */
    synchronized void begin(RunningBalancer serving) {
        balancer = serving;
        runIfIdle();
    }

    /** No reload begins any more. */
    synchronized void end() {
        ended = true;
        balancer = null;
    }

    private void runIfIdle() {
        if (wanted && balancer != null && !running) {
            running = true;
            Thread thread = new Thread(this::run, "reload");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void run() {
        for (RunningBalancer next = next(); next != null; next = next()) {
            try {
                next.reload().logTo(LOG, "SIGHUP");
            } catch (RuntimeException e) {
                LOG.error("reload (SIGHUP) failed", e);
            }
        }
    }

    /** Returns what is to be reloaded; null when nothing is, and the thread is done. */
    private synchronized @Nullable RunningBalancer next() {
        RunningBalancer next = wanted ? balancer : null;
        running = next != null;
        wanted = false;
        return next;
    }
}
