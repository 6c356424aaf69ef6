package io.breakwater.server.runtime;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * How many requests begin in one turn of an event loop: the round in which it finds out what sockets are ready, and serves
 * them. NOT thread safe: confined to its loop.
 *
 * <p>A loop that is behind finds hundreds of requests at once. If it sent all of them on before it looked for the first
 * response, each would need a connection to a backend of its own, and by the time its response came, whatever is needed
 * for it would have left the processor's caches. So only a few begin in a turn. The others wait, in order, and before the
 * next of them begin the loop looks for responses again. Nothing is refused, and nobody waits for a backend: a turn in which
 * there is nothing else to do takes no time.
 */
public final class Turns {
    /** docs/performance.md has what other numbers gave. */
    static final int MOST_REQUESTS = 32;

    private final ArrayDeque<Waiter> line = new ArrayDeque<>();
    private int begun;
    /** Whose turn it is, until it begins. */
    private @Nullable Waiter called;

    /** Whoever has a request that did not begin at once. */
    public interface Waiter {
        /** The request may begin now: {@link Turns#begins} will say so, if it is asked before this returns. Must not throw. */
        void onTurn();
    }

    /**
     * Returns whether a request may begin now. If not, whoever has it stands in line from now on, and is called when its
     * turn has come; it must not ask before.
     */
    public boolean begins(Waiter who) {
        if (who == called) {
            called = null;
        } else if (begun >= MOST_REQUESTS || !line.isEmpty()) {
            line.addLast(who);
            return false;
        }
        begun++;
        return true;
    }

    /** Whether somebody stands in line, so that the loop must not sleep. */
    boolean isAnyoneWaiting() {
        return !line.isEmpty();
    }

    /** The loop has served what was ready: the next of those that wait begin. */
    void next() {
        begun = 0;
        Waiter who;
        while (begun < MOST_REQUESTS && (who = line.pollFirst()) != null) {
            called = who;
            who.onTurn();
            called = null;
        }
    }
}
