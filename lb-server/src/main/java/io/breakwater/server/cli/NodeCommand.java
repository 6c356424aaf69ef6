package io.breakwater.server.cli;

import io.breakwater.server.node.CircuitNode;
import io.breakwater.time.Ticker;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lb node}: circuit breakers behind JSON lines, until the input ends. */
@Command(name = "node", description = "Circuit breakers that speak JSON lines on stdin and stdout.")
final class NodeCommand implements Callable<Integer> {

    private final Host host;

    @Option(
            names = "--failure-threshold",
            paramLabel = "N",
            defaultValue = "5",
            description = "Failures in a row that open a circuit (default: ${DEFAULT-VALUE}).")
    private int failureThreshold;

    @Option(
            names = "--recovery-timeout",
            paramLabel = "DURATION",
            defaultValue = "30s",
            description = "How long a circuit stays open (default: ${DEFAULT-VALUE}).")
    private Duration recoveryTimeout = Duration.ZERO;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    NodeCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws Exception {
        node().run(host.in(), host.out());
        return ExitCode.OK;
    }

    private CircuitNode node() {
        try {
            return new CircuitNode(failureThreshold, recoveryTimeout, Ticker.system());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
        }
    }
}
