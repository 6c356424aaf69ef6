package io.breakwater.server.fallback;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.RawClient;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every buffer is given back, whichever fallback answers and whoever leaves meanwhile: else the leak check fails this class. */
@Timeout(60)
class FallbackLeakTest {
    private static final int ROUNDS = 20;
    private static final String PUT = "PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n";

    @Test
    void nothingIsLeaked() throws IOException {
        try (Chain chain =
                new Chain("{ type = pool, pool = spare }, { type = stale }, { type = static, body = last }")) {
            chain.own.answer((connection, request) -> (request.method().equals("GET")
                            ? Answers.ok("own".repeat(10_000))
                            : Answers.reset())
                    .give(connection, request));
            chain.spare.answer(
                    (connection, request) -> (request.target().equals("/hang") ? Answers.hang() : Answers.status(500))
                            .give(connection, request));
            for (int i = 0; i < ROUNDS; i++) {
                try (RawClient client = chain.proxy.connect()) {
                    assertThat(client.send(PUT).send(new byte[20_000]).read().text())
                            .isEqualTo("last");
                    assertThat(client.get("/x").read().text()).startsWith("own");
                    int before = chain.spare.requests().size();
                    client.send(PUT.replace("/x", "/hang")).send(new byte[20_000]);
                    chain.spare.awaitRequests(before + 1);
                }
            }
            chain.failing();
            assertThat(chain.proxy.get("/x").field("X-Breakwater-Fallback")).isEqualTo("stale");
            eventually(() -> assertThat(chain.proxy.metric("lb_requests_in_flight", "route", "/"))
                    .isZero());
        }
    }

    @Test
    void nothingIsLeakedOnTheWayIntoAQueue(@TempDir Path directory) throws IOException {
        try (Writes writes = Writes.queued(directory).open()) {
            for (int i = 0; i < ROUNDS; i++) {
                try (RawClient client = writes.proxy.connect()) {
                    assertThat(client.send(PUT).send(new byte[20_000]).read().status())
                            .isEqualTo(202);
                    client.send(PUT).send(new byte[10_000]); // and leaves
                }
            }
            writes.heal();
            writes.replayed(ROUNDS);
            eventually(() -> assertThat(writes.proxy.metric("lb_requests_in_flight", "route", "all"))
                    .isZero());
        }
    }
}
