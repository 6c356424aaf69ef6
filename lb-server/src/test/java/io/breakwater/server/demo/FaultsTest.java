package io.breakwater.server.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.breakwater.server.demo.Faults.Mode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FaultsTest {

    @Test
    void readsWhatIsGiven() {
        assertThat(Faults.parse("{\"mode\":\"error\"}")).isEqualTo(new Faults(Mode.ERROR, 0, 1));
        assertThat(Faults.parse("{\"rate\":0.25,\"latencyMillis\":70,\"mode\":\"slow\"}"))
                .isEqualTo(new Faults(Mode.SLOW, 70, 0.25));
        assertThat(Faults.parse("{\"mode\":\"reset\",\"rate\":0}")).isEqualTo(new Faults(Mode.RESET, 0, 0));
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void readsWhatItWrites(Mode mode) {
        Faults faults = new Faults(mode, 1500, 0.5);

        assertThat(Faults.parse(faults.toJson())).isEqualTo(faults);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                                     | body: no object (expected: a JSON object)
            []                                     | body: no object (expected: a JSON object)
            {"mode"                                | body: no JSON (expected: a JSON object)
            {"mode":"ok"} {}                       | body: more than an object (expected: a JSON object)
            {}                                     | mode: missing (expected: ok, error, hang, reset, slow)
            {"mode":"explode"}                     | mode: explode (expected: ok, error, hang, reset, slow)
            {"mode":1}                             | mode: no text (expected: ok, error, hang, reset, slow)
            {"mode":"slow"}                        | latencyMillis: 0 (expected: 1 or more with mode slow)
            {"mode":"slow","latencyMillis":-1}     | latencyMillis: -1 (expected: 0..600000)
            {"mode":"slow","latencyMillis":600001} | latencyMillis: 600001 (expected: 0..600000)
            {"mode":"slow","latencyMillis":99999999999999999999} | latencyMillis: 99999999999999999999 (expected: 0..600000)
            {"mode":"slow","latencyMillis":1.5}    | latencyMillis: no whole number (expected: 0..600000)
            {"mode":"ok","rate":1.1}               | rate: 1.1 (expected: 0..1)
            {"mode":"ok","rate":"1"}               | rate: no number (expected: 0..1)
            {"mode":"ok","speed":1}                | speed: unknown field (expected: mode, latencyMillis or rate)
            """)
    void refuses(String json, String problem) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Faults.parse(json))
                .withMessage(problem);
    }
}
