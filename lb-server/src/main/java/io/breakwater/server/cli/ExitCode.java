package io.breakwater.server.cli;

/** What the process tells the one who started it. */
final class ExitCode {

    /** Did what it was asked to do. */
    static final int OK = 0;

    /** Could not run: a port in use, no answer. */
    static final int FAILED = 1;

    /** Wrong usage or an invalid configuration; no port was bound. */
    static final int INVALID = 2;

    private ExitCode() {}
}
