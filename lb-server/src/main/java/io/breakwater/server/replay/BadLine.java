package io.breakwater.server.replay;

/** A line that is no entry of an access log. */
final class BadLine extends Exception {
    private static final long serialVersionUID = 1;

    BadLine(String problem) {
        super(problem, null, false, false);
    }

    String problem() {
        return String.valueOf(getMessage());
    }
}
