package io.breakwater.server.cli;

import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.Problem;
import java.time.InstantSource;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@code lb} command: runs what its arguments say, and says what went wrong in one line each on stderr. Exit codes: 0
 * done or stopped cleanly, 1 could not run, 2 wrong usage or invalid configuration.
 */
public final class LbCommand {
    private static final Logger LOG = LoggerFactory.getLogger(LbCommand.class);

    private final Host host;
    private final BalancerFactory balancers;

    /**
     * The command of this process.
     *
     * @param clock for what demo replicas tell
     */
    public LbCommand(BalancerFactory balancers, InstantSource clock) {
        this(balancers, Host.ofProcess(clock));
    }

    LbCommand(BalancerFactory balancers, Host host) {
        this.balancers = balancers;
        this.host = host;
    }

    /**
     * Runs what the arguments say, on the calling thread, until it is done or told to stop.
     *
     * @return the exit code
     */
    public int run(String... arguments) {
        ServeOptions plain = ServeOptions.plain(arguments);
        boolean training = List.of(arguments).equals(List.of(Training.COMMAND));
        if (plain == null && !training) {
            return new CommandTree(host, balancers).run(arguments);
        }
        try {
            return plain == null ? new Training(host, balancers).run() : plain.run(host, balancers);
        } catch (ConfigProblems | RuntimeException e) {
            return failed(host, e);
        }
    }

    /** Returns the exit code of a command that ended with this, and says so. */
    static int failed(Host host, Exception failure) {
        if (failure instanceof ConfigProblems refused) {
            for (Problem problem : refused.problems()) {
                host.err().println(problem);
            }
            return ExitCode.INVALID;
        }
        host.err().println("lb: " + failure + " (not foreseen; please report it)");
        LOG.error("the command failed", failure);
        return ExitCode.FAILED;
    }
}
