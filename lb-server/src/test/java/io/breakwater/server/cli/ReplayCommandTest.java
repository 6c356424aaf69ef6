package io.breakwater.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayCommandTest {
    private static final String LINE =
            "{\"time\":\"2026-01-05T12:00:00Z\",\"pool\":\"default\",\"backend\":\"localhost:3001\",\"outcome\":\"reset\",\"durationMillis\":1}\n"
                    .replace("reset", "connection_reset");

    @TempDir
    private Path dir;

    private final Shell shell = new Shell();

    private String log(String text) throws IOException {
        Path file = dir.resolve("access.log");
        Files.writeString(file, text);
        return file.toString();
    }

    @Test
    void replaysAFileThroughAConfiguration() throws IOException {
        String file = log(LINE.repeat(4));

        assertThat(shell.run("replay", "--log", file, "--set", "lb.pools.default.breaker.consecutive-failures=2"))
                .isEqualTo(ExitCode.OK);
        assertThat(shell.out())
                .startsWith(file + ": 4 lines, from 2026-01-05T11:59:59.999Z to 2026-01-05T12:00:00.000Z")
                .contains("pool default: consecutive-failures 2, cooldown 5s");
        assertThat(shell.err()).isEmpty();
    }

    @Test
    void replaysStdinAndSuggests() {
        assertThat(shell.input(LINE).run("replay", "--log", "-", "--suggest")).isEqualTo(ExitCode.OK);
        assertThat(shell.out()).contains("pool default: the best of ");
    }

    @Test
    void wrongUsageAndWhatCannotBeReadAre2() throws IOException {
        assertThat(shell.run("replay")).isEqualTo(ExitCode.INVALID);
        assertThat(shell.err()).contains("--log");
        assertThat(new Shell().run("replay", "--log", log(LINE), "-c", "missing.conf"))
                .isEqualTo(ExitCode.INVALID);

        Shell missing = new Shell();
        assertThat(missing.run("replay", "--log", dir.resolve("none.log").toString()))
                .isEqualTo(ExitCode.INVALID);
        assertThat(missing.err()).contains("none.log: NoSuchFileException").contains("Try lb replay --help");

        Shell noLog = new Shell();
        assertThat(noLog.run("replay", "--log", log("what is this\n"))).isEqualTo(ExitCode.INVALID);
        assertThat(noLog.err()).contains("no line of it is an entry of a JSON access log (line 1: not JSON");
    }
}
