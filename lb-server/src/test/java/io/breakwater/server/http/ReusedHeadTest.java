package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A head is read into the bytes of the one before it; not a field of that may show. The heads before are the longer ones,
 * so that what they said stays behind the end of the next, untouched. A # ends a line.
 */
class ReusedHeadTest {
    private static final HeadLimits LIMITS = new HeadLimits(100, 400, 10);
    private static final ResponseFields FIELDS =
            new ResponseFields("X-State", "X-Reason", InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z")));
    private static final Forwarding TRUSTED = new Forwarding("10.0.0.9", "http", true);

    private final RequestHead request = new RequestHead(LIMITS, Ascii.bytes("x-request-id"));
    private final ResponseHead response = new ResponseHead(LIMITS);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Cookie: a=1",
                "X-Request-Id: 1",
                "traceparent: 1",
                "X-Forwarded-For: 1",
                "X-Forwarded-Host: 1",
                "X-Forwarded-Proto: 1",
                "Connection: close",
                "Connection: host-of-the-next",
                "Keep-Alive: 1",
                "Content-Length: 1",
                "Transfer-Encoding: chunked",
                "Expect: 100-continue"
            })
    void ofARequest(String line) {
        String name = line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT);
        request.scan(buffer("GET / HTTP/1.1\r\nHost: that.has.gone\r\n" + line + "\r\n\r\n"));
        assertThat(request.has(Ascii.bytes(name))).isTrue();

        request.reset();
        assertThat(request.scan(buffer("GET / HTTP/1.1\r\nHost: h\r\n\r\n"))).isEqualTo(Scan.COMPLETE);
        assertThat(request.has(Ascii.bytes(name))).isFalse();
        assertThat(request.value(Ascii.bytes(name))).isNull();
        assertThat(request.values(Ascii.bytes(name))).isNull();
        assertThat(request.cookie(Ascii.bytes("a"))).isNull();
        assertThat(request.requestId()).isNull();
        assertThat(request.traceparent()).isNull();
        assertThat(request.forwardedFor()).isEmpty();
        assertThat(request.resource(TRUSTED)).isEqualTo("http\nh\n\n/");
        assertThat(request.keepAlive()).isTrue();
        assertThat(request.framing()).isEqualTo(BodyFraming.NONE);
        ByteBuf out = Unpooled.buffer();
        request.writeUpstream(out, TRUSTED, new NoIds(), 0, new byte[0], null);
        assertThat(text(out))
                .isEqualTo(lines("GET / HTTP/1.1#Host: h#X-Forwarded-For: 10.0.0.9#X-Forwarded-Proto: http#"
                        + "X-Forwarded-Host: h#Via: 1.1 breakwater##"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Retry-After: 5", "Date: now", "X-State: 1", "X-Reason: 1", "Content-Length: 1", "A: b"})
    void ofAResponse(String line) {
        response.scan(buffer("HTTP/1.1 200 OK\r\nB: that has gone\r\n" + line + "\r\n\r\n"), false);
        response.reset();
        assertThat(response.status()).isZero();
        assertThat(response.length()).isZero();

        assertThat(response.scan(buffer("HTTP/1.1 201 OK\r\nB: c\r\n\r\n"), false))
                .isEqualTo(Scan.COMPLETE);
        assertThat(response.retryAfterNanos(FIELDS)).isZero();
        assertThat(response.framing()).isEqualTo(BodyFraming.CLOSE);
        ByteBuf out = Unpooled.buffer();
        response.writeDownstream(out, FIELDS, CircuitState.OPEN, ConnectionField.CLOSE, false);
        assertThat(text(out))
                .isEqualTo(lines("HTTP/1.1 201 OK#B: c#Date: Thu, 01 Jan 2026 00:00:00 GMT#X-State: open#"
                        + "Connection: close##"));
    }

    @Test
    void aConnectionOptionNamesNoFieldOfTheRequestBefore() {
        request.scan(
                buffer("GET / HTTP/1.1\r\nHost: h\r\nA: that has gone, long as it was\r\nContent-Length: 1\r\n\r\n"));
        request.reset();

        assertThat(request.scan(buffer("GET / HTTP/1.1\r\nHost: h\r\nConnection: content-length\r\n\r\n")))
                .isEqualTo(Scan.COMPLETE);
    }

    @Test
    void noAddressOfTheRequestBeforeIsForwarded() {
        request.scan(buffer("GET / HTTP/1.1\r\nHost: h\r\n" + "X-Forwarded-For: 1.1.1.1\r\n".repeat(2) + "\r\n"));
        request.reset();
        request.scan(buffer("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 2\r\n\r\n"));

        ByteBuf out = Unpooled.buffer();
        request.writeUpstream(out, TRUSTED, new NoIds(), 0, new byte[0], null);
        assertThat(text(out)).contains("X-Forwarded-For: 2, 10.0.0.9\r\n");
    }

    @Test
    void aHeadThatIsResetGivesItsBytesBack() {
        request.scan(buffer("GET"));
        HeadStore used = request.store;

        request.reset();
        assertThat(HeadStore.take()).isSameAs(used);
    }

    @Test
    void emptyLinesBeforeARequestAreNoneOfItsBytes() {
        request.scan(buffer("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
        request.reset();

        assertThat(request.scan(buffer("\r\n"))).isEqualTo(Scan.INCOMPLETE);
        assertThat(request.started()).isFalse();
        assertThat(request.scan(buffer("\r\n\r\n"))).isEqualTo(Scan.INCOMPLETE);
        assertThat(request.started()).isFalse();
        assertThat(request.scan(buffer("\r\n\r\nP"))).isEqualTo(Scan.INCOMPLETE);
        assertThat(request.started()).isTrue();
    }

    @Test
    void aValueOfNothingButWhitespaceIsEmpty() {
        assertThat(request.scan(buffer("GET / HTTP/1.1\r\nHost: h\r\nA:\t  \t\r\nB: \r\n\r\n")))
                .isEqualTo(Scan.COMPLETE);

        assertThat(Objects.requireNonNull(request.value(Ascii.bytes("a"))).toString())
                .isEmpty();
        assertThat(request.values(Ascii.bytes("b"))).isEmpty();
    }

    private static String lines(String lines) {
        return lines.replace("#", "\r\n");
    }
}
