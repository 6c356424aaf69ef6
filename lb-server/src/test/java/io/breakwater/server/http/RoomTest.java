package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.FallbackType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A buffer grows once for a head, however much is put into it: room for all is asked for before the first byte. */
class RoomTest {
    private static final HeadLimits LIMITS = new HeadLimits(8000, 8000, 20);

    /** Remembers how much room was asked for first. */
    private static final class Asked extends UnpooledHeapByteBuf {
        private int first = -1;

        Asked() {
            super(UnpooledByteBufAllocator.DEFAULT, 0, 1 << 20);
        }

        @Override
        public ByteBuf ensureWritable(int bytes) {
            if (first < 0) {
                first = bytes;
            }
            return super.ensureWritable(bytes);
        }
    }

    private record Ids(String line) implements MadeIds {
        @Override
        public boolean hasRequestId() {
            return true;
        }

        @Override
        public boolean hasTraceparent() {
            return true;
        }

        @Override
        public int maxBytes() {
            return line.length();
        }

        @Override
        public void write(ByteBuf out) {
            out.writeBytes(Ascii.bytes(line));
        }
    }

    private final Asked out = new Asked();

    @ParameterizedTest(name = "{0} {1}, prefix {2}, host {3}, address {4}, id {5}")
    @CsvSource(
            nullValues = "-",
            value = {
                "GET, /, 0, -, 15, 0",
                "GET, /, 900, -, 15, 0",
                "GET, /, 0, 900, 15, 0",
                "GET, /, 0, -, 900, 0",
                "GET, /, 0, -, 15, 900",
                "GET, http://, 0, -, 15, 0",
                "OPTIONS, http://, 900, 900, 900, 900"
            })
    void ofARequest(String method, String target, int prefix, @Nullable Integer host, int address, int id) {
        var head = new RequestHead(LIMITS);
        String name = "h".repeat(700);
        String absolute = target.equals("/") ? target : target + name;
        assertThat(head.scan(buffer(method + " " + absolute + " HTTP/1.0\r\nHost: " + name
                        + "\r\nMax-Forwards: 9223372036854775807\r\n\r\n")))
                .isEqualTo(Scan.COMPLETE);

        head.writeUpstream(
                out,
                new Forwarding("1".repeat(address), "https", false),
                new Ids("i".repeat(id)),
                0,
                Ascii.bytes("p".repeat(prefix)),
                host == null ? null : Ascii.bytes("b".repeat(host)));
        assertThat(out.readableBytes()).isLessThanOrEqualTo(out.first);
    }

    @ParameterizedTest
    @EnumSource(FallbackType.class)
    void ofAResponse(FallbackType type) {
        var head = new ResponseHead(LIMITS);
        assertThat(head.scan(buffer("HTTP/1.1 200\r\nTransfer-Encoding:chunked\r\n\r\n"), false))
                .isEqualTo(Scan.COMPLETE);

        head.writeDownstream(out, fields(900), CircuitState.HALF_OPEN, ConnectionField.KEEP_ALIVE, false, type);
        assertThat(out.readableBytes()).isLessThanOrEqualTo(out.first);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5000})
    void ofAResponseThatIsLongItself(int bytes) {
        var head = new ResponseHead(LIMITS);
        assertThat(head.scan(buffer("HTTP/1.1 200 OK\r\nA: " + "b".repeat(bytes) + "\r\n\r\n"), false))
                .isEqualTo(Scan.COMPLETE);

        head.writeDownstream(out, fields(1), CircuitState.OPEN, ConnectionField.CLOSE, false);
        assertThat(out.readableBytes()).isLessThanOrEqualTo(out.first);
    }

    private static ResponseFields fields(int nameBytes) {
        return new ResponseFields("x".repeat(nameBytes), InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z")));
    }
}
