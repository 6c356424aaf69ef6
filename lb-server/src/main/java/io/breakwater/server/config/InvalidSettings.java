package io.breakwater.server.config;

import java.util.List;
import java.util.stream.Collectors;

/** The refusal of a configuration record by its constructor, with every rule that its values break. */
final class InvalidSettings extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final transient List<Violation> violations;

    InvalidSettings(List<Violation> violations) {
        super(violations.stream().map(Violation::toString).collect(Collectors.joining("; ")));
        this.violations = List.copyOf(violations);
    }

    List<Violation> violations() {
        return violations;
    }

    /**
     * One broken rule.
     *
     * @param key relative to the record's section, such as {@code port} or {@code routes[1].pool}
     */
    record Violation(String key, String value, String rule) {

        @Override
        public String toString() {
            return key + ": " + value + " (expected: " + rule + ")";
        }
    }
}
