package io.breakwater.server.cli;

import io.breakwater.server.config.Units;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The tree of all commands, parsed by picocli; wrong usage is two lines on stderr. */
@Command(
        name = "lb",
        description = "A health-aware HTTP load balancer.",
        versionProvider = CommandTree.Version.class,
        synopsisSubcommandLabel = "[COMMAND]",
        footer = {"", "Every key of the configuration: docs/configuration.md"})
final class CommandTree implements Callable<Integer> {
    private final Host host;
    private final BalancerFactory balancers;

    @Mixin
    private ServeOptions options = new ServeOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    CommandTree(Host host, BalancerFactory balancers) {
        this.host = host;
        this.balancers = balancers;
    }

    int run(String... arguments) {
        CommandLine commandLine = new CommandLine(this)
                .addSubcommand(new ServeCommand(host, balancers))
                .addSubcommand(new CheckCommand(host))
                .addSubcommand(new PlanCommand(host))
                .addSubcommand(new DemoCommand(host, balancers))
                .addSubcommand(new BackendCommand(host))
                .addSubcommand(new NodeCommand(host))
                .addSubcommand(new PingCommand(host))
                .addSubcommand(new ReplayCommand(host))
                .registerConverter(Duration.class, CommandTree::duration)
                .setExpandAtFiles(false)
                .setOut(new PrintWriter(host.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(host.err(), true, StandardCharsets.UTF_8));
        commandLine.getCommandSpec().mixinStandardHelpOptions(true);
        commandLine
                .getSubcommands()
                .values()
                .forEach(command ->
                        command.getCommandSpec().mixinStandardHelpOptions(true).versionProvider(new Version()));
        commandLine.setParameterExceptionHandler((refused, given) -> wrongUsage(refused));
        commandLine.setExecutionExceptionHandler((failure, failed, parsed) -> LbCommand.failed(host, failure));
        commandLine.setExecutionStrategy(CommandTree::execute);
        return commandLine.execute(arguments);
    }

    @Override
    public Integer call() throws Exception {
        return options.run(spec.commandLine(), host, balancers);
    }

    /** An option in front of a command would belong to no one, so it is refused. */
    private static int execute(ParseResult parsed) {
        List<CommandLine.Model.OptionSpec> inFront = parsed.matchedOptions();
        if (parsed.hasSubcommand() && !inFront.isEmpty() && !parsed.isUsageHelpRequested()) {
            throw new ParameterException(
                    parsed.commandSpec().commandLine(),
                    inFront.get(0).longestName() + ": in front of "
                            + parsed.subcommand().commandSpec().name() + " (expected: behind it)");
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    private int wrongUsage(ParameterException refused) {
        host.err().println("lb: " + refused.getMessage());
        UnmatchedArgumentException.printSuggestions(
                refused, refused.getCommandLine().getErr());
        host.err().println("Try " + refused.getCommandLine().getCommandSpec().qualifiedName() + " --help");
        return ExitCode.INVALID;
    }

    private static Duration duration(String text) {
        try {
            return Units.parseDuration(text);
        } catch (IllegalArgumentException refused) {
            throw new TypeConversionException(text + " (expected: " + refused.getMessage() + ")");
        }
    }

    /** The version in the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = CommandTree.class.getPackage().getImplementationVersion();
            return new String[] {"breakwater " + (version == null ? "development" : version)};
        }
    }
}
