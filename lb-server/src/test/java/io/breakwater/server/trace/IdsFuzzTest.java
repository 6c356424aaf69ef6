package io.breakwater.server.trace;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fuzz.Fuzzing;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.http.Scan;
import io.netty.buffer.Unpooled;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** An id of a client is kept if it is one by the letter, and replaced by one that is if it is not. */
class IdsFuzzTest {
    /** W3C Trace Context, section 3.2, with what section 4.3 says of later versions. */
    private static final Pattern TRACEPARENT = Pattern.compile(
            "(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:(?<!^00.{53})-.*)?",
            Pattern.DOTALL);

    private static final Pattern REQUEST_ID = Pattern.compile("[!-~]{1,128}");
    private static final Pattern MADE = Pattern.compile("[0-9a-f]{32}");

    private final IdFields fields = new IdFields("X-Request-Id", true);
    private final RequestIds ids = new RequestIds(IdSource.seeded());
    private final RequestHead head = new RequestHead(new HeadLimits(10_000, 100_000, 100), fields.requestIdName());

    @Test
    void ids() throws InterruptedException {
        new Fuzzing("ids", this::check).run(20_000);
    }

    private void check(byte[] input) {
        String value = new String(input, ISO_8859_1);
        String request =
                "GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: " + value + "\r\ntraceparent: " + value + "\r\n\r\n";
        head.reset();
        if (value.indexOf('\n') >= 0 || head.scan(Unpooled.copiedBuffer(request, ISO_8859_1)) != Scan.COMPLETE) {
            return; // more lines than these, or none
        }
        String sent = value.replaceAll("^[ \\t]+|[ \\t]+\\z", "");

        ids.begin(head, fields);

        boolean kept = TRACEPARENT.matcher(sent).matches();
        assertThat(ids.hasTraceparent()).isEqualTo(!kept);
        assertThat(ids.traceId())
                .isEqualTo(kept ? sent.substring(3, 35) : ids.traceId())
                .matches(MADE);
        assertThat(ids.spanId())
                .isEqualTo(kept ? sent.substring(36, 52) : ids.spanId())
                .hasSize(16);
        boolean named = REQUEST_ID.matcher(sent).matches();
        assertThat(ids.hasRequestId()).isEqualTo(!named);
        assertThat(String.valueOf(ids.requestId())).isEqualTo(named ? sent : String.valueOf(ids.requestId()));
        if (!named) {
            assertThat(String.valueOf(ids.requestId())).matches(MADE);
        }
    }
}
