package io.breakwater.server.trace;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.breakwater.metrics.TraceContext;
import io.breakwater.server.http.Forwarding;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.http.Scan;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes upstream for the ids that came, to the byte. */
class RequestIdsTest {
    private static final String TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
    private static final String SPAN_ID = "b7ad6b7169203331";
    private static final String TRACEPARENT = "traceparent: 00-" + TRACE_ID + "-" + SPAN_ID + "-01\r\n";
    private static final IdFields BOTH = new IdFields("X-Request-Id", true);
    private static final long SEED = 42;

    private final Forwarding forwarding = new Forwarding("10.0.0.9", "http", false);
    private final ByteBuf out = Unpooled.buffer();
    private RequestHead head = head(BOTH);
    private IdFields fields = BOTH;
    private RequestIds ids = ids();
    private final String madeRequestId;
    private final String madeTraceparent;

    RequestIdsTest() {
        SplittableRandom high = new SplittableRandom(SEED);
        SplittableRandom low = new SplittableRandom(SEED + 1);
        madeRequestId = "X-Request-Id: " + hex(high) + hex(low) + "\r\n";
        madeTraceparent = "traceparent: 00-" + hex(high) + hex(low) + "-" + hex(low) + "-01\r\n";
    }

    private static String hex(SplittableRandom random) {
        return HexFormat.of().toHexDigits(random.nextLong());
    }

    private static RequestHead head(IdFields fields) {
        return new RequestHead(new HeadLimits(8192, 32_768, 100), fields.requestIdName());
    }

    private static RequestIds ids() {
        return new RequestIds(new IdSource(SEED, SEED + 1));
    }

    private void configured(IdFields wanted) {
        fields = wanted;
        head = head(wanted);
        ids = ids();
    }

    /** What goes out for a request with these field lines. */
    private String sent(String lines) {
        head.reset();
        String request = "GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
        assertThat(head.scan(Unpooled.copiedBuffer(request, ISO_8859_1))).isEqualTo(Scan.COMPLETE);
        ids.begin(head, fields);
        return written();
    }

    private String written() {
        out.clear();
        head.writeUpstream(out, forwarding, ids, 0, new byte[0], null);
        return out.toString(ISO_8859_1);
    }

    /** A whole head: these lines as they came, and then the balancer's. */
    private static String upstream(String kept, String made) {
        return "GET / HTTP/1.1\r\nHost: h\r\n" + kept
                + "X-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n" + made
                + "Via: 1.1 breakwater\r\n\r\n";
    }

    @Test
    void aRequestWithoutIdsIsGivenThem() {
        assertThat(sent("A: b\r\n")).isEqualTo(upstream("A: b\r\n", madeRequestId + madeTraceparent));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Request-Id: r\r\n",
                "x-request-ID:\t r-1,\"{}\\~! \r\n",
                "X-REQUEST-ID:0af76519-16cd-43dd-8448-eb211c80319c\r\n",
                // 128 characters
                "X-Request-Id: 0af7651916cd43dd8448eb211c80319c0af7651916cd43dd8448eb211c80319c0af7651916cd43dd8448eb211c80319c0af7651916cd43dd8448eb211c80319c\r\n"
            })
    void aClientsOwnRequestIdGoesOnByteForByte(String line) {
        String lines = "A: 1\r\n" + line + "B: 2\r\n";

        assertThat(sent(lines))
                .startsWith(upstream(lines, "traceparent: 00-").replace("Via: 1.1 breakwater\r\n\r\n", ""));
        assertThat(ids.requestId())
                .hasToString(line.substring(line.indexOf(':') + 1).strip());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void aRequestIdThatIsNoneIsReplaced(String what, String lines, String kept) {
        assertThat(sent("A: 1\r\n" + lines + "B: 2\r\n"))
                .isEqualTo(upstream("A: 1\r\n" + kept + "B: 2\r\n", madeRequestId + madeTraceparent));
        assertThat(madeRequestId).isEqualTo("X-Request-Id: " + ids.requestId() + "\r\n");
    }

    static Stream<Arguments> aRequestIdThatIsNoneIsReplaced() {
        return Stream.of(
                arguments("empty", "X-Request-Id:\r\n", ""),
                arguments("white space", "X-Request-Id: \t \r\n", ""),
                arguments("a space within", "X-Request-Id: a b\r\n", ""),
                arguments("a tab within", "X-Request-Id: a\tb\r\n", ""),
                arguments("beyond ASCII", "X-Request-Id: \u00e4\r\n", ""),
                arguments("129 characters", "X-Request-Id: " + "a".repeat(129) + "\r\n", ""),
                arguments("10 KB", "X-Request-Id: " + "a".repeat(10_240) + "\r\n", ""),
                arguments("two fields", "X-Request-Id: a\r\nC: 3\r\nx-request-id: b\r\n", "C: 3\r\n"),
                arguments("two equal fields", "X-Request-Id: a\r\nX-Request-Id: a\r\n", ""),
                arguments("three fields", "X-Request-Id: a\r\nX-Request-Id: b\r\nX-Request-Id: c\r\n", ""),
                arguments("nominated", "Connection: x-request-id\r\nX-Request-Id: a\r\n", ""),
                arguments("nominated behind", "X-Request-Id: a\r\nConnection: close, X-REQUEST-ID\r\n", ""),
                arguments("nominated twice", "X-Request-Id: a\r\nX-Request-Id: b\r\nConnection: X-Request-Id\r\n", ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                TRACEPARENT,
                "TraceParent:\t00-" + TRACE_ID + "-" + SPAN_ID + "-00 \r\n",
                "traceparent: 00-" + TRACE_ID + "-" + SPAN_ID + "-ff\r\n",
                "traceparent: cc-" + TRACE_ID + "-" + SPAN_ID + "-01\r\n",
                "traceparent: cc-" + TRACE_ID + "-" + SPAN_ID + "-01-what.comes-later\r\n",
                TRACEPARENT + "tracestate: a=b,c=d\r\n",
                "TraceState: a=b\r\n" + TRACEPARENT + "tracestate: c=d\r\n"
            })
    void aValidTraceparentGoesOnAsItIsWithItsTracestate(String lines) {
        assertThat(sent(lines)).isEqualTo(upstream(lines, madeRequestId));
        assertThat(ids.traceIdView()).hasToString(TRACE_ID);
    }

    /** W3C Trace Context, sections 3.2.2 and 3.3. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "traceparent:\r\n",
                "traceparent: 00-" + TRACE_ID + "-" + SPAN_ID + "\r\n",
                "traceparent: 00-" + TRACE_ID + "-" + SPAN_ID + "-1\r\n",
                "traceparent: 00-" + TRACE_ID + "-" + SPAN_ID + "-0g\r\n",
                "traceparent: 00-" + TRACE_ID + "-" + SPAN_ID + "-01-more\r\n",
                "traceparent: 01-" + TRACE_ID + "-" + SPAN_ID + "-01more\r\n",
                "traceparent: 00-0AF7651916cd43dd8448eb211c80319c-" + SPAN_ID + "-01\r\n",
                "traceparent: 00-" + TRACE_ID + "-B7ad6b7169203331-01\r\n",
                "traceparent: 00-00000000000000000000000000000000-" + SPAN_ID + "-01\r\n",
                "traceparent: 00-" + TRACE_ID + "-0000000000000000-01\r\n",
                "traceparent: ff-" + TRACE_ID + "-" + SPAN_ID + "-01\r\n",
                "traceparent: 0-" + TRACE_ID + "-" + SPAN_ID + "-01a\r\n",
                "traceparent: 00_" + TRACE_ID + "-" + SPAN_ID + "-01\r\n",
                "traceparent: 00-" + TRACE_ID + "_" + SPAN_ID + "-01\r\n",
                "traceparent: 00-" + TRACE_ID + "-" + SPAN_ID + "_01\r\n",
                TRACEPARENT + TRACEPARENT,
                TRACEPARENT + "Connection: traceparent\r\n",
                ""
            })
    void anInvalidTraceparentIsReplacedAndItsTracestateDropped(String lines) {
        assertThat(sent("tracestate: a=b\r\nA: 1\r\n" + lines + "TRACESTATE: c=d\r\n"))
                .isEqualTo(upstream("A: 1\r\n", madeRequestId + madeTraceparent));
        assertThat(madeTraceparent)
                .startsWith("traceparent: 00-" + ids.traceIdView() + "-" + ids.spanId())
                .contains(ids.traceId());
    }

    @Test
    void aTracestateForThisConnectionOnlyStaysHere() {
        assertThat(sent(TRACEPARENT + "tracestate: a=b\r\nConnection: tracestate\r\n"))
                .isEqualTo(upstream(TRACEPARENT, madeRequestId));
    }

    @Test
    void theFieldOfTheRequestIdIsConfigured() {
        configured(new IdFields("X-Correlation-Id", false));

        assertThat(sent("X-Request-Id: a b\r\nx-correlation-id: c d\r\n"))
                .isEqualTo(upstream("X-Request-Id: a b\r\n", madeRequestId.replace("Request", "Correlation")));
        String own = "X-Request-Id: a\r\nX-Request-Id: b\r\nx-correlation-id: c\r\n";
        assertThat(sent(own)).isEqualTo(upstream(own, ""));
    }

    @Test
    void whatIsOffPassesUntouched() {
        configured(new IdFields(null, false));
        String lines =
                "X-Request-Id: a\r\nX-Request-Id: b c\r\ntraceparent: no\r\ntraceparent: no\r\ntracestate: a=b\r\n";

        assertThat(sent(lines)).isEqualTo(upstream(lines, ""));
        assertThat(ids.requestId()).isNull();
        assertThat(ids.traceIdView()).isNull();
        assertThat(ids.trace()).isNull();
    }

    @Test
    void anotherAttemptCarriesTheSameAndAnotherRequestItsOwn() {
        String first = sent("");

        assertThat(written()).isEqualTo(first);
        assertThat(sent("")).isNotEqualTo(first);
        assertThat(sent("X-Request-Id: a\r\n" + TRACEPARENT))
                .isEqualTo(upstream("X-Request-Id: a\r\n" + TRACEPARENT, ""));
        assertThat(sent("")).contains("X-Request-Id: " + ids.requestId(), "traceparent: 00-" + ids.traceIdView());
    }

    @Test
    void theTraceIsTold() {
        sent(TRACEPARENT);
        TraceContext kept = requireNonNull(ids.trace());
        assertThat(kept.traceId()).isEqualTo(TRACE_ID);
        assertThat(kept.spanId()).isEqualTo(SPAN_ID);

        String made = sent("");
        assertThat(made).contains("\r\ntraceparent: 00-" + kept.traceId() + "-" + kept.spanId() + "-01\r\n");
    }

    @Test
    void anHttp10RequestHasIdsToo() {
        head.scan(Unpooled.copiedBuffer("GET / HTTP/1.0\r\nX-Request-Id: old\r\n\r\n", ISO_8859_1));
        ids.begin(head, fields);

        assertThat(written())
                .contains("\r\nX-Request-Id: old\r\n")
                .doesNotContain("X-Request-Id: 0")
                .contains("\r\ntraceparent: 00-");
    }
}
