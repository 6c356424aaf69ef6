package io.breakwater.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Reads mutated streams with this package and with Netty's strict decoders. What is accepted here Netty reads the same;
 * what only Netty accepts is refused here for a reason on a closed list. A run is repeated with {@code -Dseed=…}.
 */
class DecoderDifferentialTest {
    private static final int REQUESTS = Integer.getInteger("differential.requests", 1_000_000);
    private static final int RESPONSES = Integer.getInteger("differential.responses", 250_000);
    private static final int MAX_SHOWN = 10;
    private static final Pattern NEWER_MINOR = Pattern.compile("HTTP/1\\.[2-9]");

    /** Why something that Netty takes is refused here. */
    private enum Stricter {
        /** RFC 9112 section 2.2: a bare CR or LF is no line end. */
        BARE_LINE_END,
        /** RFC 9110 section 5.5. */
        CONTROL_BYTE,
        /** RFC 9112 section 5.1: within a name, Netty takes what is before it in a response. */
        SPACE_IN_FIELD_NAME,
        /** RFC 9110 section 5.1: Netty takes a line without colon in a response. */
        INVALID_FIELD_NAME,
        /** RFC 9112 section 5.2: may be refused instead of unfolded. */
        FOLDED_LINE,
        /** RFC 9112 section 3. */
        INVALID_REQUEST_LINE,
        /** RFC 9110 section 2.5. */
        UNKNOWN_VERSION,
        /** RFC 9110 section 9.3.6. */
        CONNECT,
        /** RFC 9112 section 3.2. */
        INVALID_TARGET,
        /** RFC 3986 section 2.1. */
        INVALID_ESCAPE,
        /** RFC 3986 section 3.3. */
        DOT_SEGMENT,
        /** RFC 9112 section 3.2. */
        MISSING_HOST,
        /** RFC 9112 section 3.2. */
        REPEATED_HOST,
        /** RFC 9112 section 3.2. */
        INVALID_HOST,
        /** RFC 9112 section 6.1: Netty forgets the coding of a 1xx, 204 or 304, and what is wrong with it. */
        LENGTH_AND_CODING,
        /** RFC 9112 section 6.1: the same. */
        CODING_IN_HTTP_10,
        /** RFC 9112 section 6.1: the same. */
        REPEATED_CODING,
        /** RFC 9112 section 6.3. */
        CHUNKED_NOT_LAST,
        /** RFC 9112 section 6.1. */
        UNKNOWN_CODING,
        /** RFC 9110 section 7.6.1. */
        ESSENTIAL_OPTION,
        /** RFC 9110 section 7.6.2. */
        INVALID_MAX_FORWARDS,
        /** RFC 9110 section 10.1.1. */
        UNKNOWN_EXPECTATION,
        /** RFC 9112 section 7.1.1: whitespace behind an extension. */
        INVALID_EXTENSION,
        /** RFC 9110 section 5.1: Netty takes a line without colon in a response. */
        INVALID_TRAILER_NAME,
        /** RFC 9110 section 6.5.1. */
        FORBIDDEN_TRAILER,
        /** RFC 9112 section 4, RFC 9110 section 15. */
        INVALID_STATUS_LINE,
        /** RFC 9110 section 7.8. */
        UNASKED_UPGRADE
    }

    private final long seed = Long.getLong("seed", 20_261_103L);
    private final MutatedMessages inputs = new MutatedMessages(seed);
    private final SplittableRandom cuts = new SplittableRandom(seed);
    private final OwnReader own = new OwnReader();
    private final NettyReader netty = new NettyReader();
    private final Forwarding[] peers = {
        new Forwarding("10.0.0.9", "http", false), new Forwarding("10.0.0.8", "https", true)
    };

    private final EnumMap<Stricter, Integer> stricter = new EnumMap<>(Stricter.class);
    private final List<String> disagreements = new ArrayList<>();
    private int disagreed;
    private int accepted;
    private int refused;
    /** HTTP/1.2 and later with a transfer coding, which RFC 9112 section 6.1 allows and Netty does not. */
    private int newerMinor;

    @Test
    void agreesOnRequests() throws Exception {
        for (int number = 0; number < REQUESTS; number++) {
            byte[] bytes = inputs.request(number);
            Forwarding peer = peers[number & 1];
            Reading ours = own.requests(
                    bytes,
                    cuts.nextInt(bytes.length + 1),
                    (head, message, headEnd) -> forward((RequestHead) head, message, bytes, headEnd, peer));
            judge(bytes, ours, netty.requests(bytes));
        }
        report("requests", REQUESTS);
    }

    @Test
    void agreesOnResponses() throws Exception {
        for (int number = 0; number < RESPONSES; number++) {
            byte[] bytes = inputs.response(number);
            Reading ours = own.responses(bytes, cuts.nextInt(bytes.length + 1), (head, message, headEnd) -> {});
            judge(bytes, ours, netty.responses(bytes));
        }
        report("responses", RESPONSES);
    }

    private void report(String what, int inputs) {
        System.out.printf(
                "%s: seed %d, %d inputs, %d accepted by both, %d refused by both, %d with a coding in HTTP/1.2 and later,"
                        + " refused here only: %s%n",
                what, seed, inputs, accepted, refused, newerMinor, stricter);
        assertThat(disagreements)
                .as("%d disagreements, seed %d", disagreed, seed)
                .isEmpty();
        assertThat(accepted).isGreaterThan(inputs / 3);
        int strict = stricter.values().stream().mapToInt(Integer::intValue).sum();
        assertThat(accepted + refused + newerMinor + strict).isEqualTo(inputs);
    }

    private void judge(byte[] bytes, Reading ours, Reading theirs) {
        if (isRefusedForNewerMinor(ours, theirs)) {
            newerMinor++;
            return;
        }
        String problem = compare(ours, theirs);
        if (problem != null) {
            disagree(problem, bytes, ours, theirs);
        } else if (ours.end != Reading.End.REFUSED) {
            accepted++;
        } else if (isRefusedByBoth(ours, theirs)) {
            refused++;
        } else {
            countStricter(bytes, ours, theirs);
        }
    }

    /** A parser that waits for more than it has been given has not accepted it: the other may say no a byte earlier. */
    private static boolean isRefusedByBoth(Reading ours, Reading theirs) {
        return theirs.end == Reading.End.REFUSED
                ? theirs.whole() == ours.whole()
                : theirs.end == Reading.End.INCOMPLETE && theirs.messages.size() == ours.messages.size();
    }

    private static boolean isRefusedForNewerMinor(Reading ours, Reading theirs) {
        int first = theirs.messages.size();
        return theirs.reason.contains("only allowed in HTTP/1.1 or newer")
                && ours.messages.size() > first
                && NEWER_MINOR.matcher(ours.messages.get(first).start()).find();
    }

    private void countStricter(byte[] bytes, Reading ours, Reading theirs) {
        for (Stricter reason : Stricter.values()) {
            if (reason.name().equals(ours.reason)) {
                stricter.merge(reason, 1, Integer::sum);
                return;
            }
        }
        disagree("refused for a reason that is not on the list", bytes, ours, theirs);
    }

    private static @Nullable String compare(Reading ours, Reading theirs) {
        if (ours.messages.size() > theirs.messages.size()) {
            return "accepted what Netty refuses";
        }
        for (int i = 0; i < ours.messages.size(); i++) {
            Reading.Message mine = ours.messages.get(i);
            Reading.Message other = theirs.messages.get(i);
            if (mine.whole() ? !mine.equals(other) : !mine.sameHead(other)) {
                return "read differently";
            }
        }
        if (ours.end == Reading.End.REFUSED) {
            return null;
        }
        return ours.end == theirs.end && ours.messages.equals(theirs.messages) ? null : "ends differently";
    }

    /** What goes upstream for an accepted request is one request to Netty too, and the same one. */
    private void forward(RequestHead head, Reading.Message message, byte[] bytes, int headEnd, Forwarding peer)
            throws Exception {
        ByteBuf out = Unpooled.buffer(512);
        head.writeUpstream(out, peer, new NoIds(), 0, new byte[0], null);
        out.writeBytes(bytes, headEnd, message.end() - headEnd);
        byte[] sent = ByteBufUtil.getBytes(out);
        Reading read = netty.requests(sent);
        boolean same = read.end == Reading.End.CLEAN
                && read.messages.size() == 1
                && read.messages.get(0).start().equals(head.method() + " " + originForm(head) + " HTTP/1.1")
                && read.messages.get(0).framing() == message.framing()
                && read.messages.get(0).body().equals(message.body())
                && read.messages.get(0).end() == sent.length
                && read.messages.get(0).fields().stream()
                                .filter(field -> field.regionMatches(true, 0, "Host:", 0, 5))
                                .count()
                        == 1
                && read.messages.get(0).fields().stream()
                        .noneMatch(field -> field.regionMatches(true, 0, "Connection:", 0, 11));
        if (!same) {
            Reading ours = new Reading();
            ours.messages.add(message);
            disagree("forwarded as another message", sent, ours, read);
        }
    }

    private static String originForm(RequestHead head) {
        String target = head.target().toString();
        String path = head.path().toString();
        int query = target.indexOf('?');
        return path + (query < 0 ? "" : target.substring(query));
    }

    private void disagree(String problem, byte[] bytes, Reading ours, Reading theirs) {
        disagreed++;
        if (disagreements.size() < MAX_SHOWN) {
            disagreements.add(problem + "\nbytes  " + show(bytes) + "\nours   " + ours + "\ntheirs " + theirs + "\n");
        }
    }

    private static String show(byte[] bytes) {
        StringBuilder shown = new StringBuilder();
        for (char c : new String(bytes, StandardCharsets.ISO_8859_1).toCharArray()) {
            shown.append(c >= ' ' && c < 0x7f ? String.valueOf(c) : String.format("\\x%02x", (int) c));
        }
        return shown.toString();
    }
}
