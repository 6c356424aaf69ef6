package io.breakwater.server.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.fuzz.FuzzTarget;
import io.breakwater.server.fuzz.StrictReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * A stream of responses: what is taken for a response, a strict reader takes for the same; what goes downstream for it
 * is that one response to a strict reader, with the circuit state that the balancer says; and it does not matter in
 * which pieces the bytes come.
 */
final class ResponseTarget implements FuzzTarget {
    private static final String STATE = "X-Circuit-State";
    private static final List<String> NEVER_DOWNSTREAM =
            List.of("Keep-Alive", "Proxy-Connection", "TE", "Upgrade", "X-Breakwater-Fallback");

    private final OwnReader own = new OwnReader();
    private final ResponseFields fields =
            new ResponseFields(STATE, InstantSource.fixed(Instant.parse("2026-11-03T08:49:37Z")));

    @Override
    public void check(byte[] input) throws Exception {
        String text = new String(input, ISO_8859_1);
        List<String> downstream = new ArrayList<>();
        int[] from = {0};
        Reading whole = own.responses(input, input.length, (head, message, headEnd) -> {
            StrictReader.Message strict = StrictReader.responseToProxy(text, from[0]);
            assertThat(strict).as("what was accepted is a response").isNotNull();
            assertThat(strict.end()).as("where it ends").isEqualTo(message.end());
            assertThat(strict.body()).isEqualTo(message.body());
            from[0] = message.end();
            write((ResponseHead) head, message, text, headEnd, downstream);
        });
        for (int step : new int[] {1, 7}) {
            List<String> again = new ArrayList<>();
            Reading inPieces = own.responsesBySteps(
                    input, step, (head, message, headEnd) -> write((ResponseHead) head, message, text, headEnd, again));
            assertThat(inPieces.toString()).as("read %d at a time", step).isEqualTo(whole.toString());
            assertThat(again).isEqualTo(downstream);
        }
    }

    private void write(ResponseHead head, Reading.Message message, String text, int headEnd, List<String> all) {
        assertThat(head.retryAfterNanos(fields)).isNotNegative();
        boolean close = message.framing() == BodyFraming.CLOSE;
        String framed = text.substring(headEnd, message.end());
        all.add(written(head, message, close ? ConnectionField.CLOSE : ConnectionField.ABSENT, false, framed));
        if (!head.isInformational()) {
            all.add(written(head, message, ConnectionField.CLOSE, true, message.body()));
        }
    }

    /** Writes it as it goes downstream, and returns that. */
    private String written(
            ResponseHead head, Reading.Message message, ConnectionField connection, boolean unframed, String body) {
        ByteBuf out = Unpooled.buffer(512);
        head.writeDownstream(out, fields, CircuitState.HALF_OPEN, connection, unframed);
        String sent = out.toString(ISO_8859_1) + body;
        StrictReader.Message read = StrictReader.response(sent, 0, "GET");
        assertThat(read).as("what goes downstream is a response: %s", sent).isNotNull();
        assertThat(read.end()).as("and nothing else: %s", sent).isEqualTo(sent.length());
        assertThat(read.status()).isEqualTo(head.status());
        assertThat(read.start()).startsWith("HTTP/1.1 ");
        assertThat(read.body()).isEqualTo(message.body());
        assertThat(read.chunked()).isEqualTo(message.framing() == BodyFraming.CHUNKED && !unframed);
        assertThat(read.values(STATE)).isEqualTo(head.isInformational() ? List.of() : List.of("half-open"));
        assertThat(read.values("Connection"))
                .isEqualTo(
                        connection == ConnectionField.CLOSE && !head.isInformational() ? List.of("close") : List.of());
        for (String name : NEVER_DOWNSTREAM) {
            assertThat(read.values(name)).as("%s in %s", name, sent).isEmpty();
        }
        return sent;
    }
}
