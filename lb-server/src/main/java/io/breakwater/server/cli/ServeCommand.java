package io.breakwater.server.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lb serve}: what {@code lb} alone does, by name. */
@Command(name = "serve", description = "Run the balancer. This is what lb does without a command.")
final class ServeCommand implements Callable<Integer> {

    private final Host host;
    private final BalancerFactory balancers;

    @Mixin
    private ServeOptions options = new ServeOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    ServeCommand(Host host, BalancerFactory balancers) {
        this.host = host;
        this.balancers = balancers;
    }

    @Override
    public Integer call() throws Exception {
        return options.run(spec.commandLine(), host, balancers);
    }
}
