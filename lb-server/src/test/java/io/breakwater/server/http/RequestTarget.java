package io.breakwater.server.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fuzz.FuzzTarget;
import io.breakwater.server.fuzz.StrictReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A stream of requests: what is taken for a request, a strict reader takes for the same; what goes upstream for it is
 * that one request to a strict reader; and it does not matter in which pieces the bytes come.
 */
final class RequestTarget implements FuzzTarget {
    private static final List<String> NEVER_UPSTREAM =
            List.of("Connection", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade", "Proxy-Authenticate");
    private static final byte[] NOTHING = {};

    private final OwnReader own = new OwnReader();
    private final Forwarding[] peers = {
        new Forwarding("10.0.0.9", "http", false), new Forwarding("10.0.0.8", "https", true)
    };

    @Override
    public void check(byte[] input) throws Exception {
        String text = new String(input, ISO_8859_1);
        List<String> upstream = new ArrayList<>();
        int[] from = {0};
        Reading whole = own.requests(input, input.length, (head, message, headEnd) -> {
            StrictReader.Message strict = StrictReader.request(text, from[0]);
            assertThat(strict).as("what was accepted is a request").isNotNull();
            assertThat(strict.end()).as("where it ends").isEqualTo(message.end());
            assertThat(strict.body()).isEqualTo(message.body());
            assertThat(strict.fields()).isEqualTo(message.fields());
            assertThat(strict.chunked()).isEqualTo(message.framing() == BodyFraming.CHUNKED);
            from[0] = message.end();
            assertNoDotSegments(((RequestHead) head).path().toString());
            for (Forwarding peer : peers) {
                upstream.add(forwarded((RequestHead) head, message, text, headEnd, peer));
            }
        });
        if (whole.end == Reading.End.CLEAN) {
            assertThat(text.substring(from[0]))
                    .as("nothing but empty lines is left")
                    .matches("(?:\r\n)*+\r?");
        }

        for (int step : new int[] {1, 7}) {
            List<String> again = new ArrayList<>();
            Reading inPieces = own.requestsBySteps(input, step, (head, message, headEnd) -> {
                for (Forwarding peer : peers) {
                    again.add(forwarded((RequestHead) head, message, text, headEnd, peer));
                }
            });
            assertThat(inPieces.toString()).as("read %d at a time", step).isEqualTo(whole.toString());
            assertThat(again).isEqualTo(upstream);
        }
    }

    /** Writes it as it goes upstream, and returns that. */
    private static String forwarded(
            RequestHead head, Reading.Message message, String text, int headEnd, Forwarding peer) {
        ByteBuf out = Unpooled.buffer(512);
        head.writeUpstream(out, peer, new NoIds(), 0, NOTHING, null);
        String sent = out.toString(ISO_8859_1) + text.substring(headEnd, message.end());
        StrictReader.Message read = StrictReader.request(sent, 0);
        assertThat(read).as("what goes upstream is a request: %s", sent).isNotNull();
        assertThat(read.end()).as("and nothing else: %s", sent).isEqualTo(sent.length());
        assertThat(read.body()).isEqualTo(message.body());
        assertThat(read.chunked()).isEqualTo(message.framing() == BodyFraming.CHUNKED);
        assertThat(read.start()).startsWith(head.method() + " ").endsWith(" HTTP/1.1");
        assertThat(read.values("Host").size()).as("Host in %s", sent).isEqualTo(1);
        for (String name : NEVER_UPSTREAM) {
            assertThat(read.values(name)).as("%s in %s", name, sent).isEmpty();
        }
        if (!peer.trusted()) {
            assertThat(read.values("X-Forwarded-For")).containsExactly("10.0.0.9");
            assertThat(read.values("X-Forwarded-Proto")).containsExactly("http");
            assertThat(read.values("X-Forwarded-Host").size()).isLessThanOrEqualTo(1);
            assertThat(read.values("Forwarded")).isEmpty();
        }
        return sent;
    }

    /** However a backend decodes, splits and strips a path: it cannot climb in it. */
    private static void assertNoDotSegments(String path) {
        String decoded = URLDecoder.decode(path.replace("+", "%2B"), ISO_8859_1).toLowerCase(Locale.ROOT);
        assertThat(decoded).doesNotContain("\0");
        for (String segment : decoded.replace('\\', '/').split("/", -1)) {
            int parameter = segment.indexOf(';');
            assertThat(parameter < 0 ? segment : segment.substring(0, parameter))
                    .as(path)
                    .isNotEqualTo(".")
                    .isNotEqualTo("..");
        }
    }
}
