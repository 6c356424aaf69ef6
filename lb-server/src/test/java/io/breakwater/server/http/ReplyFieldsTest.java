package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The fields of replies, where they are configured or a reply has something to say in them. In the tables # ends a line. */
class ReplyFieldsTest {
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00.999Z"));
    private final ResponseFields fields = new ResponseFields("X-State", "X-Reason", now::get);
    private final ByteBuf out = Unpooled.buffer();

    @ParameterizedTest(name = "{0} {1} = {2}")
    @CsvSource(
            nullValues = "-",
            value = {
                "CIRCUIT_OPEN, -, circuit_open",
                "OVERLOADED, -, overloaded",
                "NO_SUCH_REQUEST, -, no_such_request",
                "BACKEND_UNAVAILABLE, -, backend_unavailable",
                "BACKEND_UNAVAILABLE, connect_failed, connect_failed"
            })
    void theReasonIsThatOfAnAttemptElseTheReplysOwn(Reply reply, @Nullable String reason, String told) {
        reply.write(out, fields, CircuitState.OPEN, 0, ConnectionField.ABSENT, null, null, reason, true);

        assertThat(text(out))
                .endsWith(lines("Date: Thu, 01 Jan 2026 00:00:00 GMT#X-Reason: " + told + "#X-State: open##"));
    }

    @ParameterizedTest(name = "{0} s")
    @CsvSource({"0, ''", "1, Retry-After: 1#", "86400, Retry-After: 86400#"})
    void retryAfterIsWrittenFromOneSecondOn(long seconds, String line) {
        Reply.CIRCUIT_OPEN.write(out, fields, null, seconds, ConnectionField.ABSENT, null, null, true);

        assertThat(text(out)).endsWith(lines("GMT#" + line + "X-Reason: circuit_open##"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void contentIsLeftOutForHeadItsLengthIsNot(boolean headOnly) {
        Reply.writeContent(out, fields, null, 200, "text/plain", Ascii.bytes("hello"), ConnectionField.CLOSE, headOnly);

        assertThat(text(out))
                .isEqualTo(lines("HTTP/1.1 200 OK#Content-Type: text/plain#Content-Length: 5#"
                                + "Date: Thu, 01 Jan 2026 00:00:00 GMT#Connection: close##")
                        + (headOnly ? "" : "hello"));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {"-", "missing Host", "'\"'", "\u00e4"})
    void theBytesOfABodyAreThoseThatAreWritten(@Nullable String detail) {
        Reply.BAD_REQUEST.write(out, fields, null, 0, ConnectionField.ABSENT, detail, null, false);

        String body = out.toString(StandardCharsets.UTF_8).split("\r\n\r\n", -1)[1];
        assertThat(Reply.BAD_REQUEST.bodyBytes(detail)).isEqualTo(body.getBytes(StandardCharsets.UTF_8).length);
    }

    @Test
    void whatIsSaidIsEscapedAsJsonAsks() {
        Reply.BAD_REQUEST.write(out, fields, null, 0, ConnectionField.ABSENT, "\u001f \"\\", null, false);

        assertThat(text(out)).endsWith("{\"error\": \"bad request: \\u001f \\\"\\\\\"}");
    }

    @Test
    void theDateIsThatOfTheSecondAlsoBefore1970AndWhenTheClockIsSetBack() {
        for (String time : new String[] {
            "2026-01-01T00:00:01Z", "2026-01-01T00:00:01.999Z", "2026-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z"
        }) {
            now.set(Instant.parse(time));
            out.clear();
            fields.writeDate(out);
            assertThat(text(out)).contains(time.substring(11, 19) + " GMT").hasSize(37);
        }
    }

    @Test
    void fieldsAreFoundUnderTheirNamesInLowerCase() {
        assertThat(fields.circuitStateName()).isEqualTo(Ascii.bytes("x-state"));
        assertThat(fields.reasonName()).isEqualTo(Ascii.bytes("x-reason"));
        assertThat(new ResponseFields("X-State", InstantSource.system()).reasonName())
                .isNull();
    }

    private static String lines(String lines) {
        return lines.replace("#", "\r\n");
    }
}
