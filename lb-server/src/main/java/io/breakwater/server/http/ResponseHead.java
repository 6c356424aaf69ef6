package io.breakwater.server.http;

import static io.breakwater.server.http.Ascii.bytes;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.FallbackType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.DateFormatter;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The head of a response (RFC 9112 section 4). One per upstream connection, reused; NOT thread safe. */
public final class ResponseHead extends MessageHead {
    private static final byte[] VERSION = bytes("HTTP/1.1");
    private static final byte[] CHUNKED_LINE = bytes("Transfer-Encoding: chunked\r\n");
    private static final byte[] LINE_END = bytes("\r\n");
    private static final byte[] AGE = bytes("age");
    private static final byte[] RETRY_AFTER = bytes("retry-after");
    private static final byte[] DATE = bytes("date");

    private static final int VERSION_BYTES = 8;
    /** {@code HTTP/1.1 200}. */
    private static final int CODE_END = 12;

    /** No HTTP-date is longer; what is, the parser answers with an exception. */
    private static final int MAX_DATE_BYTES = 64;

    private int lineEnd;
    private int status;
    private boolean versionAsSent;
    private boolean requestWasHead;

    public ResponseHead(HeadLimits limits) {
        super(limits, 0);
    }

    /** As {@link RequestHead#scan}; the request's method decides whether there is a body. */
    public Scan scan(ByteBuf in, boolean requestWasHead) {
        this.requestWasHead = requestWasHead;
        return scanLines(in);
    }

    @Override
    public void reset() {
        super.reset();
        status = 0;
    }

    public int status() {
        return status;
    }

    /** 1xx. */
    public boolean isInformational() {
        return status < 200;
    }

    /** RFC 9112 section 6.3. A Content-Length of 0 is NONE. */
    public BodyFraming framing() {
        if (requestWasHead || isWithoutContent()) {
            return BodyFraming.NONE;
        }
        if (chunked()) {
            return BodyFraming.CHUNKED;
        }
        if (hasLength()) {
            return announcedLength() > 0 ? BodyFraming.LENGTH : BodyFraming.NONE;
        }
        return BodyFraming.CLOSE;
    }

    /** The announced length when framing is LENGTH, else 0. */
    public long contentLength() {
        return framing() == BodyFraming.LENGTH ? announcedLength() : 0;
    }

    /** Whether the upstream connection may be used again once the response is whole. */
    public boolean keepAlive() {
        return persistent() && framing() != BodyFraming.CLOSE;
    }

    /**
     * Returns how long the backend asks to be left alone by its Retry-After (RFC 9110 section 10.2.3), in nanoseconds; 0
     * if it has none, or one that is malformed or lies in the past. A date is measured from the response's own Date, so that
     * a clock that is wrong does no harm, else from ours. Not for every response: it looks through the fields.
     */
    public long retryAfterNanos(ResponseFields ours) {
        int field = find(RETRY_AFTER, 0);
        if (field == NO_FIELD) {
            return 0;
        }
        long seconds = delaySeconds(store.bytes, store.valueStart(field), store.valueEnd(field));
        if (seconds < 0) {
            Instant at = date(field);
            seconds = at == null ? 0 : at.getEpochSecond() - sentAtSecond(ours);
        }
        return TimeUnit.SECONDS.toNanos(Math.max(0, seconds));
    }

    /** Returns delay-seconds, however many digits it has, at most what a long holds; -1 if there is anything but digits. */
    private static long delaySeconds(byte[] bytes, int start, int end) {
        for (int i = start; i < end; i++) {
            if (!Ascii.isDigit(bytes[i])) {
                return -1;
            }
        }
        long seconds = parseDigits(bytes, start, end);
        return seconds < 0 && start < end ? Long.MAX_VALUE : seconds;
    }

    private long sentAtSecond(ResponseFields ours) {
        int field = find(DATE, 0);
        Instant date = field == NO_FIELD ? null : date(field);
        return date == null ? ours.second() : date.getEpochSecond();
    }

    /** Returns an HTTP-date in any of its three forms (RFC 9110 section 5.6.7), or null. */
    @SuppressWarnings("JavaUtilDate") // it is what the parser makes
    private @Nullable Instant date(int field) {
        int start = store.valueStart(field);
        int end = store.valueEnd(field);
        if (end - start > MAX_DATE_BYTES) {
            return null;
        }
        Date date = DateFormatter.parseHttpDate(new AsciiView().set(store.bytes, start, end));
        return date == null ? null : date.toInstant();
    }

    private boolean isWithoutContent() {
        return isInformational() || status == 204 || status == 304;
    }

    /** Takes the status line, which starts with the first byte: there is no empty line before it. */
    @Override
    @Nullable
    HeadError startLine(byte[] bytes, int start, int end) {
        lineEnd = end;
        if (end < CODE_END
                || !isVersion(bytes, 0)
                || bytes[5] != '1'
                || bytes[VERSION_BYTES] != ' '
                || (end > CODE_END && bytes[CODE_END] != ' ')) {
            return HeadError.INVALID_STATUS_LINE;
        }
        http11 = bytes[7] != '0';
        versionAsSent = bytes[7] == '1' && end > CODE_END;
        status = (int) parseDigits(bytes, VERSION_BYTES + 1, CODE_END);
        if (status < 100 || status > 599) {
            return HeadError.INVALID_STATUS_LINE;
        }
        return status == 101 ? HeadError.UNASKED_UPGRADE : null;
    }

    @Override
    @Nullable
    HeadError field(int name, byte[] bytes, int start, int end) {
        return null;
    }

    @Override
    @Nullable
    HeadError finish() {
        return null;
    }

    /** RFC 9112 section 5.1: a proxy must remove it. */
    @Override
    boolean closesUpNames() {
        return true;
    }

    @Override
    HeadError startLineTooLong() {
        return HeadError.STATUS_LINE_TOO_LONG;
    }

    @Override
    HeadError badStartLine() {
        return HeadError.INVALID_STATUS_LINE;
    }

    @Override
    @Nullable
    HeadError nominatedEssential() {
        return null;
    }

    /** As the longer one, for what no fallback answered. */
    public void writeDownstream(
            ByteBuf out,
            ResponseFields fields,
            @Nullable CircuitState state,
            ConnectionField connection,
            boolean unframed) {
        writeDownstream(out, fields, state, connection, unframed, null);
    }

    /**
     * Appends to {@code out} the head that goes downstream. Cuts hop-by-hop and nominated fields and those that only the
     * balancer may say: of the circuit state, of a fallback, and of the reason where it tells one; adds Date where absent; for 1xx nothing is added. Needs
     * nothing but this view.
     *
     * @param state the value of the circuit state field, null for none
     * @param connection what Connection says
     * @param unframed Transfer-Encoding is cut: the client speaks HTTP/1.0 and the body ends with the connection
     * @param by the fallback that it comes from; null for none
     */
    public void writeDownstream(
            ByteBuf out,
            ResponseFields fields,
            @Nullable CircuitState state,
            ConnectionField connection,
            boolean unframed,
            @Nullable FallbackType by) {
        out.ensureWritable(length() + CHUNKED_LINE.length + FallbackField.MAX_BYTES + fields.maxBytes());
        boolean framed = framing() == BodyFraming.CHUNKED && !unframed;
        int mask = FieldName.CONNECTION_SPECIFIC | 1 << FieldName.FALLBACK;
        if (!framed) {
            mask |= 1 << FieldName.TRAILER;
        }
        if (isInformational() || status == 204) {
            mask |= 1 << FieldName.CONTENT_LENGTH;
        }
        cutOwn(fields);
        writeKept(out, writeStatusLine(out), mask);
        if (isInformational()) {
            out.writeBytes(LINE_END);
            return;
        }
        if (framed) {
            out.writeBytes(CHUNKED_LINE);
        }
        if (!has(FieldName.DATE)) {
            fields.writeDate(out);
        }
        if (by != null) {
            FallbackField.write(out, by);
        }
        fields.writeEnd(out, state, connection);
    }

    /**
     * Returns the head as it is kept to be served again: the status line and the fields, Date among them, without those
     * of this connection, of this body's framing and of this moment's age, and without the empty line. To be called
     * after {@link #writeDownstream}, as fields are cut for good.
     */
    public byte[] stored(ResponseFields fields) {
        ByteBuf out = Unpooled.buffer(length() + fields.maxBytes());
        cutOwn(fields);
        cut(AGE);
        int mask = FieldName.CONNECTION_SPECIFIC
                | 1 << FieldName.FALLBACK
                | 1 << FieldName.TRAILER
                | 1 << FieldName.CONTENT_LENGTH;
        writeKept(out, writeStatusLine(out), mask);
        if (!has(FieldName.DATE)) {
            fields.writeDate(out);
        }
        byte[] head = new byte[out.readableBytes()];
        out.readBytes(head);
        return head;
    }

    /** Writes the line as far as it differs, and returns from where the received bytes go on. */
    private int writeStatusLine(ByteBuf out) {
        if (versionAsSent) {
            return 0;
        }
        out.writeBytes(VERSION);
        if (lineEnd > CODE_END) {
            return VERSION_BYTES;
        }
        writeSpan(out, VERSION_BYTES, lineEnd);
        out.writeByte(' ');
        return lineEnd;
    }

    private void cutOwn(ResponseFields fields) {
        cut(fields.circuitStateName());
        byte[] reason = fields.reasonName();
        if (reason != null) {
            cut(reason);
        }
    }

    private void cut(byte[] name) {
        for (int i = find(name, 0); i != NO_FIELD; i = find(name, i + 1)) {
            store.rename(i, FieldName.NOMINATED);
        }
    }
}
