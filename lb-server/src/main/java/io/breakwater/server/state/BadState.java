package io.breakwater.server.state;

/** Says why a text is no state file: where, what stands there, and what should. */
final class BadState extends Exception {
    private static final long serialVersionUID = 1L;

    private final int line;

    /**
     * @param line counted from 1; 0 if it stands nowhere
     */
    BadState(int line, String value, String rule) {
        super(value + " (expected: " + rule + ")");
        this.line = line;
    }

    int line() {
        return line;
    }
}
