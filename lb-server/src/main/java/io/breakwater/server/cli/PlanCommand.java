package io.breakwater.server.cli;

import io.breakwater.server.config.ConfigChanges;
import io.breakwater.server.config.ConfigChanges.Step;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.ListenerTls;
import io.breakwater.server.config.LoadedConfig;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.Problem;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lb plan}: says what a reload would make of a configuration that runs, without either of them running. */
@Command(
        name = "plan",
        description = "Say what a reload would change, what that does to circuits and connections, and the hazards.",
        footer = {
            "",
            "Exit codes: 0 a reload takes NEW, also if nothing changes",
            "            1 a reload would refuse it: it needs a restart",
            "            2 NEW or OLD is invalid, or wrong usage"
        })
final class PlanCommand implements Callable<Integer> {
    private static final String EFFECT = "    ";

    private final Host host;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            required = true,
            description = "NEW, and behind another -c OLD, which runs; without the second OLD is conf/lb.conf.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Wins over both files: what was given to the start holds for each reload.")
    private List<String> settings = new ArrayList<>();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    PlanCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws ConfigProblems {
        if (files.size() > 2) {
            throw new ParameterException(
                    spec.commandLine(), "-c: given " + files.size() + " times (expected: NEW, and perhaps OLD)");
        }
        Path newFile = files.get(0);
        Path oldFile = files.size() == 2 ? files.get(1) : host.defaultConfig();
        LoadedConfig wanted = host.loader().load(newFile, settings);
        LoadedConfig running = host.loader().load(oldFile, settings);
        ConfigChanges changes = ConfigChanges.between(running.config(), wanted.config());
        PrintStream out = host.out();
        out.println(newFile + " in the place of " + oldFile + ":");
        boolean refused = !changes.needingRestart().isEmpty();
        if (refused) {
            out.println("A reload would be refused whole. These need a restart:");
            changes.needingRestart().forEach(change -> out.println(EFFECT + change));
        }
        tell(changes, wanted.config());
        tell(wanted.warnings(), running.warnings());
        return refused ? ExitCode.FAILED : ExitCode.OK;
    }

    private void tell(ConfigChanges changes, LbConfig wanted) {
        PrintStream out = host.out();
        if (changes.isEmpty()) {
            out.println("nothing changes");
        }
        for (Step step : changes.steps()) {
            out.println(step.change());
            if (step.effect() != null) {
                out.println(EFFECT + step.effect());
            }
        }
        List<String> read = filesThatAreReadAgain(wanted);
        if (!read.isEmpty()) {
            out.println("read again, whether they have changed or not: " + String.join(", ", read));
        }
        out.println(
                changes.kept() == 0
                        ? "no backend stays"
                        : counted(changes.kept(), "backend")
                                + (changes.kept() == 1 ? " stays" : " stay")
                                + ", with circuits, health, connections and what operators have set");
    }

    /** Hazards are the same if they are about the same, wherever it stands. */
    private void tell(List<Problem> wanted, List<Problem> running) {
        List<String> known = running.stream().map(PlanCommand::essence).toList();
        for (Problem hazard : wanted) {
            host.out().println((known.contains(essence(hazard)) ? "hazard, as before: " : "new hazard: ") + hazard);
        }
    }

    private static String essence(Problem hazard) {
        return hazard.key() + ": " + hazard.value() + ": " + hazard.remark();
    }

    private static List<String> filesThatAreReadAgain(LbConfig config) {
        Stream<String> listeners = config.allListeners().stream().flatMap(each -> files(each.tls()));
        Stream<String> pools = config.pools().values().stream()
                .map(PoolConfig::tls)
                .flatMap(tls -> Stream.of(tls.ca(), tls.certificate(), tls.privateKey()));
        return Stream.concat(listeners, pools)
                .filter(file -> !file.isEmpty())
                .distinct()
                .toList();
    }

    private static Stream<String> files(ListenerTls tls) {
        return Stream.concat(
                tls.certificates().stream().flatMap(each -> Stream.of(each.certificate(), each.privateKey())),
                Stream.of(tls.clientCa()));
    }

    private static String counted(int count, String thing) {
        return count + " " + thing + (count == 1 ? "" : "s");
    }
}
