package io.breakwater.health.check;

import java.util.Locale;

/** How one check of a backend ended. */
public enum CheckResult {
    PASSED,
    /** Refused or reset, a status that is not expected, or no HTTP at all. */
    FAILED,
    /** Nothing decisive came in time. */
    TIMEOUT;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** As the metrics write it. */
    public String label() {
        return label;
    }
}
