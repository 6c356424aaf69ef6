package io.breakwater.server.cli;

import io.breakwater.server.demo.DemoReplica;
import io.breakwater.server.demo.DemoReplica.Reach;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code lb backend}: one demo replica, until a stop signal. It listens on all addresses, because a replica in a
 * container of its own is of no use otherwise.
 */
@Command(
        name = "backend",
        description =
                "Run one demo replica, which can be told to fail by everyone who reaches its port; it listens on all"
                        + " addresses. For trying out only.")
final class BackendCommand implements Callable<Integer> {

    private final Host host;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "3001",
            description = "Port to bind; 0 lets the system choose (default: ${DEFAULT-VALUE}).")
    private int port;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    BackendCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (port < 0 || port > 65_535) {
            throw new ParameterException(spec.commandLine(), "--port: " + port + " (expected: 0..65535)");
        }
        CountDownLatch stop = new CountDownLatch(1);
        host.signals().onStop(stop::countDown);
        try (DemoReplica replica = new DemoReplica("replica", port, Reach.NETWORK, host.clock())) {
            replica.start();
            String url = "http://localhost:" + replica.port();
            host.out().println("replica ready on " + url);
            host.out().println("it answers GET " + url + "/backend/resource and /health; this breaks it:");
            host.out().println("  " + Curl.breakReplica(url));
            host.out().flush();
            stop.await();
            return ExitCode.OK;
        } catch (IOException e) {
            host.err().println("lb: " + e.getMessage());
            return ExitCode.FAILED;
        }
    }
}
