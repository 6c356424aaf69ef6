package io.breakwater.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.LoadBalancer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which command lines are read without picocli; all others are its matter, with their help and their refusals. */
class ServeOptionsTest {

    private static @Nullable ServeOptions plain(String commandLine) {
        return ServeOptions.plain(commandLine.isEmpty() ? new String[0] : commandLine.split(" "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "serve",
                "-c a.conf",
                "serve --config a.conf --set lb.listen.port=0 --set lb.admin.port=0",
                "--backend http://a --backend http://b --set lb.listen.port=0"
            })
    void plainOnes(String commandLine) {
        assertThat(plain(commandLine)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "check",
                "demo",
                "serve serve",
                "-c",
                "-c -c",
                "-c a.conf -c b.conf",
                "-c a.conf --backend http://a",
                "--config=a.conf",
                "--print-config",
                "--set lb.listen.port=0 check",
                "-h",
                "serve --help",
                "-c a.conf --version",
                "a.conf"
            })
    void theOthers(String commandLine) {
        assertThat(plain(commandLine)).isNull();
    }

    @Test
    void aTrainingServesAndEndsByItselfAndSaysNothing() {
        Shell shell = new Shell();

        assertThat(shell.run(LoadBalancer::new, "train")).isZero();
        assertThat(shell.out()).isEmpty();
        assertThat(shell.err()).isEmpty();
    }
}
