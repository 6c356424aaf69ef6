package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReplyTest {
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00.999Z"));
    private final InstantSource clock = now::get;
    private final ResponseFields fields = new ResponseFields("X-Circuit-State", clock);
    private final ByteBuf out = Unpooled.buffer();

    @Test
    void saysThatACircuitIsOpen() {
        Reply.CIRCUIT_OPEN.write(out, fields, CircuitState.OPEN, 5, ConnectionField.ABSENT, null, null, false);

        assertThat(text(out))
                .isEqualTo(lines(
                        "HTTP/1.1 503 Service Unavailable",
                        "Content-Type: application/json",
                        "Content-Length: 25",
                        "Date: Thu, 01 Jan 2026 00:00:00 GMT",
                        "Retry-After: 5",
                        "X-Circuit-State: open",
                        "",
                        "{\"error\": \"circuit open\"}"));
    }

    @Test
    void saysWhatIsWrongWithARequest() {
        Reply.BAD_REQUEST.write(
                out, fields, CircuitState.CLOSED, 0, ConnectionField.CLOSE, "missing Host", null, false);

        assertThat(text(out))
                .isEqualTo(lines(
                        "HTTP/1.1 400 Bad Request",
                        "Content-Type: application/json",
                        "Content-Length: 38",
                        "Date: Thu, 01 Jan 2026 00:00:00 GMT",
                        "X-Circuit-State: closed",
                        "Connection: close",
                        "",
                        "{\"error\": \"bad request: missing Host\"}"));
    }

    @Test
    void listsTheMethodsAndLeavesTheBodyOutForHead() {
        Reply.METHOD_NOT_ALLOWED.write(out, fields, null, 0, ConnectionField.KEEP_ALIVE, null, "GET, HEAD", true);

        assertThat(text(out))
                .isEqualTo(lines(
                        "HTTP/1.1 405 Method Not Allowed",
                        "Content-Type: application/json",
                        "Content-Length: 31",
                        "Date: Thu, 01 Jan 2026 00:00:00 GMT",
                        "Allow: GET, HEAD",
                        "Connection: keep-alive",
                        "",
                        ""));
    }

    @Test
    void escapesWhatItSays() {
        Reply.BAD_REQUEST.write(out, fields, null, 0, ConnectionField.ABSENT, "\"\\\u0001\u00e4", null, false);

        String written = out.toString(java.nio.charset.StandardCharsets.UTF_8);
        assertThat(written)
                .endsWith("{\"error\": \"bad request: \\\"\\\\\\u0001\u00e4\"}")
                .contains("Content-Length: 38\r\n");
    }

    @Test
    void writesContentThatIsNoError() {
        Reply.writeContent(
                out,
                fields,
                CircuitState.CLOSED,
                200,
                "application/json",
                Ascii.bytes("{}"),
                ConnectionField.ABSENT,
                false);

        assertThat(text(out))
                .isEqualTo(lines(
                        "HTTP/1.1 200 OK",
                        "Content-Type: application/json",
                        "Content-Length: 2",
                        "Date: Thu, 01 Jan 2026 00:00:00 GMT",
                        "X-Circuit-State: closed",
                        "",
                        "{}"));
    }

    @Test
    void tellsTheTimeOfTheSecond() {
        fields.writeDate(out);
        now.set(Instant.parse("2026-02-09T13:01:05Z"));
        fields.writeDate(out);

        assertThat(text(out))
                .isEqualTo("Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nDate: Mon, 09 Feb 2026 13:01:05 GMT\r\n");
    }

    @ParameterizedTest
    @EnumSource(Reply.class)
    void announcesItsLength(Reply reply) {
        reply.write(out, fields, null, 0, ConnectionField.ABSENT, null, null, false);

        String[] parts = text(out).split("\r\n\r\n", -1);
        assertThat(parts[0])
                .startsWith("HTTP/1.1 " + reply.status() + " ")
                .contains("Content-Length: " + parts[1].length() + "\r\n");
        assertThat(parts[1]).isEqualTo("{\"error\": \"" + reply.error() + "\"}");
    }

    @ParameterizedTest
    @EnumSource(HeadError.class)
    void isGivenToRefusedRequestsWithTheirReason(HeadError error) {
        error.reply().write(out, fields, null, 0, ConnectionField.CLOSE, error.detail(), null, false);

        assertThat(text(out))
                .endsWith(error.reply().error() + (error.detail() == null ? "" : ": " + error.detail()) + "\"}");
    }

    private static String lines(String... lines) {
        return String.join("\r\n", lines);
    }
}
