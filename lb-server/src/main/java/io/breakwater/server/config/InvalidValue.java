package io.breakwater.server.config;

/** The refusal of one text; its message is the rule that the text breaks. */
final class InvalidValue extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    InvalidValue(String rule) {
        super(rule);
    }

    String rule() {
        return String.valueOf(getMessage());
    }
}
