package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ids that are made for a request stand for those that came with it. In the tables # ends a line. */
class MadeIdsTest {
    private static final String CAME = "X-Request-Id: r#traceparent: p#A: b#tracestate: s#";

    private record Made(boolean hasRequestId, boolean hasTraceparent) implements MadeIds {
        @Override
        public int maxBytes() {
            return 20;
        }

        @Override
        public void write(ByteBuf out) {
            out.writeBytes(Ascii.bytes("Made: x\r\n"));
        }
    }

    private final RequestHead head = new RequestHead(new HeadLimits(100, 400, 10), Ascii.bytes("x-request-id"));
    private final ByteBuf out = Unpooled.buffer();

    @ParameterizedTest(name = "request {0}, trace {1}")
    @CsvSource({
        "false, false, " + CAME,
        "true, false, traceparent: p#A: b#tracestate: s#",
        "false, true, X-Request-Id: r#A: b#",
        "true, true, A: b#"
    })
    void whatIsMadeIsPutInAndWhatCameIsCut(boolean request, boolean trace, String kept) {
        assertThat(head.scan(buffer(lines("GET / HTTP/1.1#Host: h#" + CAME + "#"))))
                .isEqualTo(Scan.COMPLETE);

        head.writeUpstream(
                out, new Forwarding("10.0.0.9", "http", false), new Made(request, trace), 0, new byte[0], null);
        assertThat(text(out))
                .isEqualTo(lines("GET / HTTP/1.1#Host: h#" + kept + "X-Forwarded-For: 10.0.0.9#X-Forwarded-Proto: http#"
                        + "X-Forwarded-Host: h#Made: x#Via: 1.1 breakwater##"));
    }

    private static String lines(String lines) {
        return lines.replace("#", "\r\n");
    }
}
