package io.breakwater.server.cli;

import io.breakwater.server.config.LbConfig;
import io.breakwater.server.replay.Replay;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lb replay}: says what the circuits of a configuration would have made of a recorded access log. */
@Command(name = "replay", description = "Run a JSON access log through breaker settings.")
final class ReplayCommand implements Callable<Integer> {

    private final Host host;

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(names = "--log", paramLabel = "FILE", required = true, description = "The access log; - for stdin.")
    @Nullable
    private String log;

    @Option(names = "--suggest", description = "Try other settings too, and print the best.")
    private boolean suggest;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    ReplayCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws Exception {
        LbConfig loaded = config.load(host).config();
        String file = String.valueOf(log);
        try (InputStream in = file.equals("-") ? host.in() : Files.newInputStream(Path.of(file))) {
            new Replay(loaded, host.out()).run(in, file, suggest);
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "--log: " + file + ": " + problem(e), e);
        }
        return ExitCode.OK;
    }

    private static String problem(IOException e) {
        String message = e.getMessage();
        return message == null || e instanceof FileSystemException
                ? e.getClass().getSimpleName()
                : message;
    }
}
