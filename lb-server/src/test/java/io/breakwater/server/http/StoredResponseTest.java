package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.FallbackType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Responses that are kept as bytes: our own, and those of backends. In the tables # ends a line. */
class StoredResponseTest {
    private static final String DATE = "Date: Thu, 01 Jan 2026 00:00:00 GMT#";
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z"));

    private final ResponseFields fields = new ResponseFields("X-Circuit-State", CLOCK);
    private final ResponseFields reasoned = new ResponseFields("X-Circuit-State", "X-Reason", CLOCK);
    private final ResponseHead received = new ResponseHead(new HeadLimits(100, 800, 20));
    private final ByteBuf out = Unpooled.buffer();

    @ParameterizedTest(name = "{0} of {1} bytes")
    @CsvSource({
        "200, 2, HTTP/1.1 200 OK#X-A: b#Content-Type: text/plain#Content-Length: 2#",
        "503, 0, HTTP/1.1 503 Service Unavailable#X-A: b#Content-Length: 0#",
        "204, 0, HTTP/1.1 204 No Content#X-A: b#", // RFC 9110 section 8.6
        "304, 0, HTTP/1.1 304 Not Modified#X-A: b#"
    })
    void oneOfOurOwnIsMadeOnceAndDatedWhenItIsGiven(int status, int bodyBytes, String head) {
        var response = StoredResponse.own(status, Map.of("X-A", "b"), "text/plain", new byte[bodyBytes]);

        response.writeHead(out, fields, FallbackType.STATIC, "x", CircuitState.OPEN, ConnectionField.CLOSE);
        assertThat(text(out))
                .isEqualTo(
                        lines(head + DATE + "X-Breakwater-Fallback: static#X-Circuit-State: open#Connection: close##"));
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.body()).hasSize(bodyBytes);
    }

    @Test
    void oneOfABackendKeepsItsDateAndTellsItsAge() {
        byte[] body = {1, 2, 3};
        var response = StoredResponse.received(200, Ascii.bytes(lines("HTTP/1.1 200 OK#Date: then#")), body);

        response.writeHead(out, fields, FallbackType.STALE, null, CircuitState.HALF_OPEN, ConnectionField.ABSENT, 1234);
        assertThat(text(out))
                .isEqualTo(lines("HTTP/1.1 200 OK#Date: then#Age: 1234#Content-Length: 3#"
                        + "X-Breakwater-Fallback: stale#X-Circuit-State: half-open##"));
        assertThat(response.body()).isSameAs(body);
    }

    @ParameterizedTest
    @EnumSource(FallbackType.class)
    void theFallbackIsNamed(FallbackType type) {
        var response = StoredResponse.own(204, Map.of(), "", new byte[0]);

        response.writeHead(out, fields, type, null, CircuitState.CLOSED, ConnectionField.KEEP_ALIVE);
        assertThat(text(out))
                .isEqualTo(lines("HTTP/1.1 204 No Content#" + DATE + "X-Breakwater-Fallback: " + type.label()
                        + "#X-Circuit-State: closed#Connection: keep-alive##"));
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(
            nullValues = "-",
            value = {"circuit_open, X-Reason: circuit_open#", "-, ''"})
    void theReasonIsToldWhereThereIsOne(@Nullable String reason, String line) {
        var response = StoredResponse.own(204, Map.of(), "", new byte[0]);

        response.writeHead(out, reasoned, null, reason, CircuitState.CLOSED, ConnectionField.ABSENT);
        assertThat(text(out)).isEqualTo(lines("HTTP/1.1 204 No Content#" + DATE + line + "X-Circuit-State: closed##"));
    }

    @Test
    void weighsItsHeadItsBodyAndAllowsForTheRest() {
        assertThat(StoredResponse.received(200, new byte[100], new byte[1000]).weight())
                .isBetween(1100, 1200);
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource({
        "HTTP/1.1 200 OK#A: b#Content-Length: 3#, HTTP/1.1 200 OK#A: b#" + "DATE",
        "HTTP/1.1 200 OK#Date: then#A: b#, HTTP/1.1 200 OK#Date: then#A: b#",
        "HTTP/1.0 200#A: b#, HTTP/1.1 200 #A: b#" + "DATE",
        "HTTP/1.1 200 OK#Age: 7#A: b#age: 8#, HTTP/1.1 200 OK#A: b#" + "DATE",
        "HTTP/1.1 200 OK#Transfer-Encoding: chunked#Trailer: T#A: b#, HTTP/1.1 200 OK#A: b#" + "DATE",
        "HTTP/1.1 200 OK#Connection: x#X: 1#Keep-Alive: 5#A: b#, HTTP/1.1 200 OK#A: b#" + "DATE",
        "HTTP/1.1 200 OK#X-Breakwater-Fallback: static#A: b#, HTTP/1.1 200 OK#A: b#" + "DATE",
        "HTTP/1.1 200 OK#x-circuit-state: open#X-REASON: r#A: b#, HTTP/1.1 200 OK#A: b#" + "DATE"
    })
    void whatIsKeptOfABackendsHeadBelongsToNoConnectionAndNoMoment(String head, String kept) {
        assertThat(received.scan(buffer(lines(head + "#")), false)).isEqualTo(Scan.COMPLETE);

        assertThat(new String(received.stored(reasoned), StandardCharsets.ISO_8859_1))
                .isEqualTo(lines(kept.replace("DATE", DATE)));
    }

    @Test
    void aBackendSaysNeitherTheFallbackNorTheStateNorTheReason() {
        String head =
                "HTTP/1.1 200 OK#X-Breakwater-Fallback: static#X-Circuit-State: open#X-Reason: r#A: b#Date: then##";
        received.scan(buffer(lines(head)), false);

        received.writeDownstream(out, reasoned, CircuitState.CLOSED, ConnectionField.ABSENT, false, FallbackType.POOL);
        assertThat(text(out))
                .isEqualTo(
                        lines("HTTP/1.1 200 OK#A: b#Date: then#X-Breakwater-Fallback: pool#X-Circuit-State: closed##"));
    }

    @Test
    void aBackendMaySayWhatIsCalledAsTheReasonIsWhereWeTellNone() {
        String head = "HTTP/1.1 200 OK#X-Reason: r#Date: then##";
        received.scan(buffer(lines(head)), false);

        received.writeDownstream(out, fields, null, ConnectionField.ABSENT, false);
        assertThat(text(out)).isEqualTo(lines(head));
    }

    private static String lines(String lines) {
        return lines.replace("#", "\r\n");
    }
}
