package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Circuit.assertFailed;
import static io.breakwater.server.fixtures.Circuit.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Circuit;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A backend that fails and says when it will be back is left alone until then, within cooldown-max. */
@Timeout(60)
class RetryAfterTest {
    private static final String DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            20                              | 20
            3                               | 5
            7200                            | 60
            99999999999999999999            | 60
            soon                            | 5
            -20                             | 5
            Sun, 06 Nov 1994 08:49:57 GMT   | 20
            Sunday, 06-Nov-94 08:49:57 GMT  | 20
            Sun Nov  6 08:49:57 1994        | 20
            Sun, 06 Nov 1994 08:49:17 GMT   | 5
            """)
    void isTheLeastThatTheCircuitStaysOpen(String retryAfter, String told) throws IOException {
        try (Circuit circuit = new Circuit("lb.pools.default.breaker.cooldown-max = 60s")) {
            circuit.backend.answer(Answers.bytes(
                    "HTTP/1.1 503 Busy\r\n" + DATE + "Retry-After: " + retryAfter + "\r\nContent-Length: 0\r\n\r\n"));
            for (int i = 0; i < 3; i++) {
                assertFailed(circuit.get(), "closed");
            }

            assertRefused(circuit.get(), "open", told);
        }
    }

    @Test
    void countsAtTheFailureThatOpensAndAtAFailedProbe() throws IOException {
        try (Circuit circuit = new Circuit("lb.pools.default.breaker.cooldown-max = 60s")) {
            String failure = "HTTP/1.1 500 Busy\r\nRetry-After: %d\r\nContent-Length: 0\r\n\r\n";
            circuit.backend.answer(Answers.bytes(failure.formatted(40)));
            circuit.get();
            circuit.get();
            circuit.backend.answer(Answers.bytes(failure.formatted(20)));
            circuit.get();
            assertRefused(circuit.get(), "open", "20");

            circuit.ticker.advance(Duration.ofSeconds(20));
            circuit.backend.answer(Answers.bytes(failure.formatted(30)));
            assertFailed(circuit.get(), "half-open");
            assertRefused(circuit.get(), "open", "30");
            assertThat(circuit.proxy.backend("default", circuit.backend).getInt("breaker.retryAfterSeconds"))
                    .isEqualTo(30);
        }
    }
}
