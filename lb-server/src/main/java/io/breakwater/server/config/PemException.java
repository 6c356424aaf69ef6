package io.breakwater.server.config;

import java.io.IOException;

/** The refusal of a file of certificates or keys. Its message names the file and the rule, and shows nothing of what is in it. */
public final class PemException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String rule;

    PemException(String file, String rule) {
        super("%s (expected: %s)".formatted(file, rule));
        this.rule = rule;
    }

    /** What the file should be. */
    public String rule() {
        return rule;
    }
}
