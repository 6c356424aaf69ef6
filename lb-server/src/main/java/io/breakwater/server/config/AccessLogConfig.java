package io.breakwater.server.config;

import java.util.List;

/**
 * {@code lb.access-log}: one line for each request.
 *
 * @param file path, or {@code -} for stdout
 * @param maskQuery names of query parameters whose values are not written
 */
public record AccessLogConfig(Format format, String file, List<String> maskQuery) {

    public AccessLogConfig {
        maskQuery = List.copyOf(maskQuery);
        new Constraints()
                .require(!file.isEmpty(), "file", file, "a path, or - for stdout")
                .verify();
    }

    /** Whether there is a log. */
    public boolean isOn() {
        return format != Format.OFF;
    }

    /** How a line is written. */
    public enum Format implements Choice {
        /** No log. */
        OFF,
        /** The combined format of common web servers. */
        COMBINED,
        /** One JSON object. */
        JSON
    }
}
