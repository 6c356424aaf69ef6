package io.breakwater.server.pool;

import java.util.Locale;

/** What a backend says to a request, as {@code explain} shows it: the first that applies of what stands in its way. */
public enum Eligibility {
    ELIGIBLE(true),
    /** Eligible, with less than its weight: it has not long returned. */
    SLOW_START(true),
    /** Eligible, though it fails: its circuit stays closed, because too few others would be left. */
    PROTECTED(true),
    /** Its circuit is open until its cooldown is over. */
    CIRCUIT_OPEN(false),
    /** Its circuit is half-open, and every probe that may be under way is. */
    HALF_OPEN_BUSY(false),
    /** Its circuit was opened by hand. */
    TRIPPED(false),
    UNHEALTHY(false),
    DRAINING(false),
    DISABLED(false),
    /** As many requests are under way to it as may be. */
    OVERLOADED(false),
    /** It could serve, but backends that are asked before it do. */
    LOWER_PRIORITY(false);

    private final boolean eligible;
    private final String label = name().toLowerCase(Locale.ROOT);

    Eligibility(boolean eligible) {
        this.eligible = eligible;
    }

    public boolean isEligible() {
        return eligible;
    }

    /** As the API writes it. */
    public String label() {
        return label;
    }
}
