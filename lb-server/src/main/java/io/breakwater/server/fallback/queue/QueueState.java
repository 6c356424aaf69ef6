package io.breakwater.server.fallback.queue;

import java.util.Locale;

/** Where a queued request stands. */
public enum QueueState {
    /** It waits for its turn, or for a backend. */
    QUEUED(0),
    /** It is on its way to a backend. */
    SENDING(0),
    /** A backend has answered it; the status says how. */
    DELIVERED(1),
    /** A backend has refused it for good; the status says how. */
    REJECTED(2),
    /** It was too old when its turn came. */
    EXPIRED(3),
    /** What the disk returned is not what was stored, so that it could not be replayed. */
    LOST(4);

    /** How it is stored; only ends are. */
    private final int code;

    QueueState(int code) {
        this.code = code;
    }

    /** Returns the word for it in JSON. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns true if nothing happens to the request any more. */
    public boolean isEnd() {
        return code > 0;
    }

    byte code() {
        return (byte) code;
    }

    static QueueState ofCode(int code) {
        for (QueueState each : values()) {
            if (each.isEnd() && each.code == code) {
                return each;
            }
        }
        throw new IllegalArgumentException("state: " + code + " (expected: 1 to 4)");
    }
}
