package io.breakwater.server.node;

/** What is wrong with a message, in words for the one who sent it. */
final class BadMessage extends Exception {
    private static final long serialVersionUID = 1;

    private final String problem;

    BadMessage(String problem) {
        super(problem);
        this.problem = problem;
    }

    String problem() {
        return problem;
    }
}
