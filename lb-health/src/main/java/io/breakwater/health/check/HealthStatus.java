package io.breakwater.health.check;

import java.util.Locale;

/** What active checks have found out about a backend. */
public enum HealthStatus {
    /** No checks are made of it; it is taken for healthy. */
    UNCHECKED,
    /** Its first rise or fall is still to come; until then the configured initial status counts. */
    UNKNOWN,
    HEALTHY,
    UNHEALTHY;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** As the API and the metrics write it. */
    public String label() {
        return label;
    }
}
