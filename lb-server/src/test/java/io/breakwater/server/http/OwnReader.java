package io.breakwater.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads messages as a connection does: a head, its body, the next head. */
final class OwnReader {
    private static final HeadLimits LIMITS = new HeadLimits(100_000, 100_000, 1000);

    private final RequestHead request = new RequestHead(LIMITS);
    private final ResponseHead response = new ResponseHead(LIMITS);
    private final BodyReader body = new BodyReader();
    private final ByteBuf data = Unpooled.buffer();

    /** Sees each message while its head is still valid. */
    interface Visitor {
        void message(MessageHead head, Reading.Message message, int headEnd) throws Exception;
    }

    /** @param cut only the bytes before it are there at first */
    Reading requests(byte[] bytes, int cut, Visitor visitor) throws Exception {
        return read(request, bytes, cut, bytes.length, visitor);
    }

    /** @param cut only the bytes before it are there at first */
    Reading responses(byte[] bytes, int cut, Visitor visitor) throws Exception {
        return read(response, bytes, cut, bytes.length, visitor);
    }

    /** @param step so many bytes come at a time */
    Reading requestsBySteps(byte[] bytes, int step, Visitor visitor) throws Exception {
        return read(request, bytes, 0, step, visitor);
    }

    /** @param step so many bytes come at a time */
    Reading responsesBySteps(byte[] bytes, int step, Visitor visitor) throws Exception {
        return read(response, bytes, 0, step, visitor);
    }

    private Reading read(MessageHead head, byte[] bytes, int cut, int step, Visitor visitor) throws Exception {
        Reading reading = new Reading();
        ByteBuf in = Unpooled.wrappedBuffer(bytes);
        in.writerIndex(cut);
        while (true) {
            head.reset();
            Scan found = scan(head, in);
            while (found == Scan.INCOMPLETE && in.writerIndex() < bytes.length) {
                more(in, step);
                found = scan(head, in);
            }
            if (found != Scan.COMPLETE) {
                boolean refused = found == Scan.REFUSED;
                Reading.End unless = head.started() ? Reading.End.INCOMPLETE : Reading.End.CLEAN;
                reading.end = refused ? Reading.End.REFUSED : unless;
                reading.reason = refused ? String.valueOf(head.error()) : "";
                return reading;
            }
            in.skipBytes(head.length());
            int headEnd = in.readerIndex();
            if (!readBody(head, in, step)) {
                reading.end = body.error() == null ? Reading.End.INCOMPLETE : Reading.End.REFUSED;
                reading.reason = String.valueOf(body.error());
                reading.messages.add(message(head, 0, false));
                return reading;
            }
            Reading.Message message = message(head, in.readerIndex(), true);
            reading.messages.add(message);
            visitor.message(head, message, headEnd);
        }
    }

    private boolean readBody(MessageHead head, ByteBuf in, int step) {
        data.clear();
        body.start(framing(head), contentLength(head));
        while (!body.complete()) {
            if (!advance(in)) {
                return false;
            }
            if (!body.complete()) {
                if (in.writerIndex() == in.capacity()) {
                    return false;
                }
                more(in, step);
            }
        }
        return true;
    }

    private static void more(ByteBuf in, int step) {
        in.writerIndex(Math.min(in.capacity(), in.writerIndex() + step));
    }

    private boolean advance(ByteBuf in) {
        int length = body.advance(in, data);
        if (length == BodyReader.MALFORMED) {
            return false;
        }
        in.skipBytes(length);
        return true;
    }

    private Scan scan(MessageHead head, ByteBuf in) {
        return head instanceof RequestHead asked ? asked.scan(in) : ((ResponseHead) head).scan(in, false);
    }

    private Reading.Message message(MessageHead head, int end, boolean whole) {
        List<String> fields = new ArrayList<>();
        HeadStore store = head.store;
        for (int i = 0; i < store.count(); i++) {
            String name = text(store.bytes, store.start(i), store.nameEnd(i));
            if (!isForgottenCoding(head, name)) {
                fields.add(name + ": " + text(store.bytes, store.valueStart(i), store.valueEnd(i)));
            }
        }
        String content = data.toString(StandardCharsets.ISO_8859_1);
        return new Reading.Message(start(head), fields, framing(head), content, end, whole);
    }

    /** Netty forgets the coding of a response that has no content; here it is cut when the head is written. */
    private static boolean isForgottenCoding(MessageHead head, String name) {
        return name.equalsIgnoreCase("Transfer-Encoding")
                && head instanceof ResponseHead answer
                && answer.framing() == BodyFraming.NONE;
    }

    private static String start(MessageHead head) {
        String line = text(head.store.bytes, 0, head.fieldsStart).trim();
        if (head instanceof RequestHead asked) {
            return asked.method() + " " + asked.target() + line.substring(line.lastIndexOf(' '));
        }
        return line.substring(0, line.indexOf(' ')) + " " + ((ResponseHead) head).status();
    }

    private static BodyFraming framing(MessageHead head) {
        return head instanceof RequestHead asked ? asked.framing() : ((ResponseHead) head).framing();
    }

    private static long contentLength(MessageHead head) {
        return head instanceof RequestHead asked ? asked.contentLength() : ((ResponseHead) head).contentLength();
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }
}
