package io.breakwater.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {

    @ParameterizedTest
    @CsvSource({
        "port, port, 0",
        "port, prot, 1",
        "port, pot, 1",
        "port, ports, 1",
        "port, post, 1",
        "'', abc, 3",
        "abc, '', 3",
        "cooldown, cooldwon, 1",
        "kitten, sitting, 3",
        "ab, ba, 1"
    })
    void countsChangesOfLetters(String a, String b, int distance) {
        assertThat(Nearest.distance(a, b)).isEqualTo(distance);
    }

    @Test
    void findsTheNearestOfThoseThatAreNear() {
        List<String> keys = List.of("path", "port", "host");

        assertThat(Nearest.to("prt", keys)).isEqualTo("port");
        assertThat(Nearest.to("hots", keys)).isEqualTo("host");
        assertThat(Nearest.to("timeouts", keys)).isNull();
        assertThat(Nearest.to("x", keys)).isNull();
    }
}
