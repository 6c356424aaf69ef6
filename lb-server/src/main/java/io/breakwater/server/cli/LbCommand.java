package io.breakwater.server.cli;

import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.Problem;
import io.breakwater.server.config.Units;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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

/**
 * The {@code lb} command: wires the commands, and says what went wrong in one line each on stderr. Exit codes: 0 done or
 * stopped cleanly, 1 could not run, 2 wrong usage or invalid configuration.
 */
@Command(
        name = "lb",
        description = "A health-aware HTTP load balancer.",
        versionProvider = LbCommand.Version.class,
        synopsisSubcommandLabel = "[COMMAND]",
        footer = {"", "Every key of the configuration: docs/configuration.md"})
public final class LbCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(LbCommand.class);

    private final Host host;
    private final BalancerFactory balancers;

    @Mixin
    private ServeOptions options = new ServeOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

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
        CommandLine commandLine = new CommandLine(this)
                .addSubcommand(new ServeCommand(host, balancers))
                .addSubcommand(new CheckCommand(host))
                .addSubcommand(new PlanCommand(host))
                .addSubcommand(new DemoCommand(host, balancers))
                .addSubcommand(new BackendCommand(host))
                .addSubcommand(new NodeCommand(host))
                .addSubcommand(new PingCommand(host))
                .addSubcommand(new ReplayCommand(host))
                .registerConverter(Duration.class, LbCommand::duration)
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
        commandLine.setExecutionExceptionHandler((failure, failed, parsed) -> failed(failure));
        commandLine.setExecutionStrategy(LbCommand::execute);
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

    private int failed(Exception failure) {
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
            String version = LbCommand.class.getPackage().getImplementationVersion();
            return new String[] {"breakwater " + (version == null ? "development" : version)};
        }
    }
}
