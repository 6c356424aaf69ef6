package io.breakwater.server.cli;

import io.breakwater.server.config.ReloadResult;
import java.io.IOException;
import java.util.OptionalInt;

/**
 * A balancer as the command line drives it: one thread starts it, waits, drains and closes it, in this order; others may
 * reload it meanwhile.
 */
public interface RunningBalancer extends AutoCloseable {

    /**
     * Binds the ports and serves from now on. On an exception nothing is left running.
     *
     * @throws IOException with a message for the operator, such as that a port is in use
     */
    void start() throws IOException;

    /** The port that clients connect to. */
    int port();

    /** The admin port; empty if it is off. */
    OptionalInt adminPort();

    /**
     * Reads the configuration again, from where it came from at the start, and puts it into effect whole or not at all.
     * Blocks on files; safe to call from any thread, between start and close; one reload runs at a time.
     */
    ReloadResult reload();

    /** Opens the files of its logs anew, which were renamed. Does not block; safe to call from any thread. */
    void reopenLogs();

    /**
     * Takes no new connections after the configured delay, and waits for what is under way as long as configured.
     *
     * @return how many requests had to be cut off when the time was over
     * @throws InterruptedException if the wait was cut short; what is left is for {@link #close} to cut
     */
    int drain() throws InterruptedException;

    /** Stops at once. */
    @Override
    void close();
}
