package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.metrics.prometheus.PrometheusMetrics;
import io.breakwater.server.config.AdminConfig;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fuzz.Fuzzing;
import io.breakwater.server.fuzz.StrictReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Whatever bytes come to the admin port: they are answered by responses, none of which is a failure or tells of the
 * inside or of the token; nothing is written without the token; and other clients are answered as before.
 */
class AdminFuzzTest {
    private static final String TOKEN = "t0ken-0f-nob0dy";
    private static final Pattern INSIDE =
            Pattern.compile("Exception|\\bat [a-z]+\\.[a-z.]+[A-Z]|io\\.(netty|breakwater)|java\\.|\\.java:");
    /** Ends whatever stands before it, or is a part of it. */
    private static final String LAST = "\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    private static final List<String> STATUSES =
            List.of("100", "200", "304", "400", "401", "403", "404", "405", "408", "413", "414", "417", "431");

    private final FakeOperations operations = new FakeOperations();
    private final PrometheusMetrics metrics = new PrometheusMetrics("1.2.3", InstantSource.system());
    private final AdminServer server = new AdminServer(
            new AdminConfig("127.0.0.1", 0, true, TOKEN),
            new FakeStatus(),
            operations,
            metrics,
            InstantSource.system(),
            FakeStatus.NO_EVENTS);
    private final RawClient other;

    AdminFuzzTest() throws IOException {
        server.start();
        other = RawClient.connect(server.port());
    }

    @AfterEach
    void close() throws IOException {
        other.close();
        server.close();
        metrics.close();
    }

    @Test
    void bytes() throws InterruptedException {
        new Fuzzing("admin", this::check).run(1_000);
    }

    private void check(byte[] input) throws IOException {
        String answers = answers(input);
        assertThat(INSIDE.matcher(answers).find()).as(answers).isFalse();
        assertThat(answers).doesNotContain(TOKEN);
        for (int from = 0; from < answers.length(); ) {
            // That of a HEAD or a 304 has a length and no body: the next response follows at once.
            StrictReader.Message head = StrictReader.response(answers, from, "HEAD");
            assertThat(head).as("a response at %d: %s", from, answers).isNotNull();
            assertThat(STATUSES).as(answers).contains(String.valueOf(head.status()));
            StrictReader.Message whole = StrictReader.response(answers, from, "GET");
            boolean bodiless = answers.startsWith("HTTP/1.", head.end()) || head.end() == answers.length();
            if (bodiless) {
                from = head.end();
            } else {
                assertThat(whole)
                        .as("a whole response at %d: %s", from, answers)
                        .isNotNull();
                from = whole.end();
            }
        }
        assertThat(operations.calls).isEmpty();
        othersAreAnswered();
    }

    /** All that comes until the port closes the connection, which it does sooner or later. */
    private String answers(byte[] input) throws IOException {
        ByteArrayOutputStream answers = new ByteArrayOutputStream();
        try (RawClient client = RawClient.connect(server.port())) {
            client.send(input).send(LAST);
            if (new String(input, ISO_8859_1).contains("events")) {
                return ""; // there may be no end to it
            }
            client.finish();
            for (int next = client.readByte(); next >= 0; next = client.readByte()) {
                answers.write(next);
            }
        } catch (IOException reset) {
            // What it had not read of a request that it refused.
        }
        return answers.toString(ISO_8859_1);
    }

    private void othersAreAnswered() throws IOException {
        other.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(other.read().text()).isEqualTo("{\"status\":\"live\"}");
    }
}
