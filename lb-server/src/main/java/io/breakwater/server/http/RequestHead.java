package io.breakwater.server.http;

import static io.breakwater.server.http.Ascii.bytes;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The head of a request (RFC 9112 section 3). One per downstream connection, reused; NOT thread safe. */
public final class RequestHead extends MessageHead {
    /** RFC 9112 section 2.2 asks for at least one; clients of old send one after a body. */
    private static final int MAX_EMPTY_LINES = 4;

    private static final String[] METHODS = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"
    };
    private static final byte[][] METHOD_BYTES = methodBytes();

    private static final byte[] VERSION_LINE_END = bytes(" HTTP/1.1\r\n");
    private static final byte[] HTTP = bytes("http");
    private static final byte[] HTTPS = bytes("https");
    private static final byte[] CONTINUE = bytes("100-continue");
    private static final byte[] ROOT = {'/'};
    private static final byte[] ASTERISK = {'*'};

    private static final byte[] X_FORWARDED_PROTO = bytes("x-forwarded-proto");
    private static final byte[] X_FORWARDED_HOST = bytes("x-forwarded-host");
    private static final byte[] COOKIE = bytes("cookie");
    private static final byte[] HOST_NAME = bytes("Host: ");
    private static final byte[] LINE_END = bytes("\r\n");
    private static final byte[] LIST_SEPARATOR = bytes(", ");
    private static final byte[] CHUNKED_LINE = bytes("Transfer-Encoding: chunked\r\n");
    private static final byte[] MAX_FORWARDS_NAME = bytes("Max-Forwards: ");
    private static final byte[] FORWARDED_HOST_NAME = bytes("X-Forwarded-Host: ");
    private static final byte[] VIA_11 = bytes("Via: 1.1 breakwater\r\n\r\n");
    private static final byte[] VIA_10 = bytes("Via: 1.0 breakwater\r\n\r\n");
    /** More than all constant bytes together that are put into a head. */
    private static final int MAX_ADDED_BYTES = 256;

    /** {@code HTTP/1.1}. */
    private static final int VERSION_BYTES = 8;

    private static final int NONE = -1;
    private static final int SEVERAL = -2;

    private final byte @Nullable [] requestIdName;
    private final AsciiView path = new AsciiView();
    private final AsciiView target = new AsciiView();
    private final AsciiView host = new AsciiView();
    private final AsciiView requestId = new AsciiView();
    private final AsciiView traceparent = new AsciiView();
    private final AsciiView value = new AsciiView();

    private String method = METHODS[0];
    private int lineStart;
    private int targetStart;
    private int targetEnd;
    private int pathStart;
    private int pathEnd;
    private boolean absoluteForm;
    private boolean asteriskForm;
    /** The version is written {@code HTTP/1.1}, so that the line's end goes on as it came. */
    private boolean versionAsSent;

    private int hostStart;
    private int hostEnd;
    private boolean hostSeen;
    private boolean continueExpected;
    private long maxForwards;
    /** The field's place in the store, NONE or SEVERAL. */
    private int requestIdField;

    private int traceparentField;

    /** A head none of whose fields is the id of the request. */
    public RequestHead(HeadLimits limits) {
        this(limits, null);
    }

    /**
     * @param requestIdName the name of the field that has the id of the request, in lower case; null for none
     */
    public RequestHead(HeadLimits limits, byte @Nullable [] requestIdName) {
        super(limits, MAX_EMPTY_LINES);
        this.requestIdName = requestIdName;
        clear();
    }

    /**
     * Scans from the buffer's reader index, which it does not move. When INCOMPLETE, the next call must see the same
     * bytes (in the same or in another buffer) and more after them; what was scanned is not scanned again.
     */
    public Scan scan(ByteBuf in) {
        return scanLines(in);
    }

    @Override
    public void reset() {
        super.reset();
        clear();
    }

    private void clear() {
        method = METHODS[0];
        absoluteForm = false;
        asteriskForm = false;
        hostStart = NONE;
        hostEnd = NONE;
        hostSeen = false;
        continueExpected = false;
        maxForwards = NONE;
        requestIdField = NONE;
        traceparentField = NONE;
        path.set(ROOT, 0, 1);
        target.set(ROOT, 0, 1);
        host.set(ROOT, 0, 0);
        requestId.set(ROOT, 0, 0);
        traceparent.set(ROOT, 0, 0);
    }

    /** The method; for the registered ones a constant, so that {@code ==} is not needed but equals is cheap. */
    public String method() {
        return method;
    }

    /** Whether the method is HEAD; of a head that was refused too, if its request line had the three parts that it needs. */
    public boolean isHead() {
        return method.equals("HEAD");
    }

    /** RFC 9110 section 9.2.2. */
    public boolean isIdempotent() {
        return !method.equals("POST") && !method.equals("PATCH") && isRegistered(method);
    }

    /** The path of the target as received, without query; a view that is valid until the next scan or reset. */
    public CharSequence path() {
        return path;
    }

    /** The whole target as received; a view that is valid until the next scan or reset. */
    public CharSequence target() {
        return target;
    }

    /**
     * The authority that the request is for, with its port if it has one: the target's, else the Host field's; empty
     * for an HTTP/1.0 request without. A view that is valid until the next scan or reset.
     */
    public CharSequence host() {
        return host;
    }

    /**
     * Whether the request names a host. Where it does not (HTTP/1.0), {@code writeUpstream} should get one, else an
     * empty Host field is sent.
     */
    public boolean hasHost() {
        return hostStart != NONE;
    }

    /** Whether the client wants the connection kept (RFC 9112 section 9.3). */
    public boolean keepAlive() {
        return persistent();
    }

    /** NONE, LENGTH or CHUNKED. A Content-Length of 0 is NONE. */
    public BodyFraming framing() {
        if (chunked()) {
            return BodyFraming.CHUNKED;
        }
        return announcedLength() > 0 ? BodyFraming.LENGTH : BodyFraming.NONE;
    }

    /** The announced length when framing is LENGTH, else 0. */
    public long contentLength() {
        return announcedLength();
    }

    /** An HTTP/1.1 client waits for 100 (Continue) before it sends its body. */
    public boolean expectsContinue() {
        return continueExpected && framing() != BodyFraming.NONE;
    }

    /**
     * Whether this is an OPTIONS or TRACE that must not be forwarded, since its Max-Forwards is 0 (RFC 9110 section
     * 7.6.2): the balancer is who answers.
     */
    public boolean endsHere() {
        return maxForwards == 0;
    }

    /**
     * Returns the id of the request as received, or null if there is none that goes on: no such field, several, or one that
     * is for this connection only (RFC 9110 section 7.6.1). A view that is valid until the next scan or reset.
     */
    public @Nullable CharSequence requestId() {
        return only(requestIdField, FieldName.REQUEST_ID, requestId);
    }

    /** Returns the {@code traceparent} as received, be it valid or not, or null: as {@link #requestId}. */
    public @Nullable CharSequence traceparent() {
        return only(traceparentField, FieldName.TRACEPARENT, traceparent);
    }

    private @Nullable CharSequence only(int field, int name, AsciiView view) {
        if (field < 0 || store.name(field) != name) {
            return null; // in the second case it was nominated
        }
        return view.set(store.bytes, store.valueStart(field), store.valueEnd(field));
    }

    /**
     * Returns the value of the first field of this name as received, or null: a view that is valid until the next call,
     * scan or reset.
     *
     * @param lowerName the name's bytes in lower case
     */
    public @Nullable CharSequence value(byte[] lowerName) {
        int i = find(lowerName, 0);
        return i == NO_FIELD ? null : value.set(store.bytes, store.valueStart(i), store.valueEnd(i));
    }

    /**
     * Returns the value of the first cookie of this name (RFC 6265 section 4.2.1), or null: a view as that of
     * {@link #value}.
     *
     * @param name its bytes; their case matters
     */
    public @Nullable CharSequence cookie(byte[] name) {
        for (int i = find(COOKIE, 0); i != NO_FIELD; i = find(COOKIE, i + 1)) {
            CharSequence found = cookie(name, store.valueStart(i), store.valueEnd(i));
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private @Nullable CharSequence cookie(byte[] name, int start, int end) {
        byte[] bytes = store.bytes;
        int at = start;
        while (at < end) {
            int pairEnd = Ascii.indexOf(bytes, ';', at, end);
            int from = skipWhitespace(bytes, at, pairEnd);
            int to = trimEnd(bytes, from, pairEnd);
            int valueAt = from + name.length;
            if (valueAt < to && bytes[valueAt] == '=' && matches(bytes, from, name)) {
                return value.set(bytes, valueAt + 1, to);
            }
            at = pairEnd + 1;
        }
        return null;
    }

    /**
     * Returns the addresses that X-Forwarded-For lists, as received and in order, those of several fields joined by a
     * comma; empty when there are none. Allocates: for peers that are trusted proxies only.
     */
    public String forwardedFor() {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < store.count(); i++) {
            if (store.name(i) == FieldName.X_FORWARDED_FOR) {
                all.append(all.isEmpty() ? "" : ",");
                all.append(value.set(store.bytes, store.valueStart(i), store.valueEnd(i)));
            }
        }
        return all.toString();
    }

    /**
     * Returns what a backend takes for the resource: the scheme and the host, also those that a trusted proxy tells of,
     * the path and the query, each on a line of its own. Equal texts are the same resource. Allocates.
     */
    public String resource(Forwarding forwarding) {
        String proto = forwarding.trusted() ? values(X_FORWARDED_PROTO) : null;
        String forwardedHost = forwarding.trusted() ? values(X_FORWARDED_HOST) : null;
        StringBuilder text = new StringBuilder(host.length() + targetEnd - pathStart + 16)
                .append(proto == null ? forwarding.scheme() : proto)
                .append('\n')
                .append(host.toString().toLowerCase(Locale.ROOT))
                .append('\n');
        if (forwardedHost != null) {
            text.append(forwardedHost.toLowerCase(Locale.ROOT));
        }
        return text.append('\n')
                .append(path)
                .append(new AsciiView().set(store.bytes, pathEnd, targetEnd))
                .toString();
    }

    @Override
    @Nullable
    HeadError startLine(byte[] bytes, int start, int end) {
        lineStart = start;
        int methodEnd = start;
        while (Ascii.tokenLower(bytes[methodEnd]) != 0) { // a CR is of no token
            methodEnd++;
        }
        int version = end - VERSION_BYTES;
        targetStart = methodEnd + 1;
        targetEnd = version - 1;
        if (methodEnd == start
                || targetStart >= targetEnd
                || bytes[methodEnd] != ' '
                || bytes[targetEnd] != ' '
                || !isVersion(bytes, version)) {
            return HeadError.INVALID_REQUEST_LINE;
        }
        if (bytes[version + 5] != '1') {
            return HeadError.UNKNOWN_VERSION;
        }
        http11 = bytes[version + 7] != '0';
        versionAsSent = bytes[version + 7] == '1';
        method = methodOf(bytes, start, methodEnd);
        target.set(bytes, targetStart, targetEnd);
        return method.equals("CONNECT") ? HeadError.CONNECT : checkTarget(bytes);
    }

    private @Nullable HeadError checkTarget(byte[] bytes) {
        pathStart = targetStart;
        if (bytes[targetStart] == '*' && targetEnd - targetStart == 1) {
            pathEnd = targetEnd;
            asteriskForm = true;
            return method.equals("OPTIONS") ? null : HeadError.INVALID_TARGET;
        }
        if (bytes[targetStart] != '/') {
            HeadError found = takeAuthority(bytes);
            if (found != null) {
                return found;
            }
        }
        pathEnd = Target.pathEnd(bytes, pathStart, targetEnd);
        HeadError found = Target.checkPath(bytes, pathStart, pathEnd);
        if (found != null) {
            return found;
        }
        // RFC 9112 section 3.2.4: the last proxy turns an OPTIONS without path and query into asterisk-form.
        asteriskForm = pathStart == targetEnd && method.equals("OPTIONS");
        return Target.checkQuery(bytes, pathEnd, targetEnd);
    }

    /** Absolute-form: RFC 9112 section 3.2.2. */
    private @Nullable HeadError takeAuthority(byte[] bytes) {
        int authority = schemeEnd(bytes);
        if (authority == NONE) {
            return HeadError.INVALID_TARGET;
        }
        int end = authority;
        while (end < targetEnd && bytes[end] != '/' && bytes[end] != '?') {
            end++;
        }
        if (!Target.isAuthority(bytes, authority, end)) {
            return HeadError.INVALID_TARGET;
        }
        absoluteForm = true;
        hostStart = authority;
        hostEnd = end;
        pathStart = end;
        return null;
    }

    private int schemeEnd(byte[] bytes) {
        int colon = Ascii.indexOf(bytes, ':', targetStart, targetEnd);
        boolean known = Ascii.equalsIgnoreCase(bytes, targetStart, colon, HTTP)
                || Ascii.equalsIgnoreCase(bytes, targetStart, colon, HTTPS);
        // Behind the target are a space and the version, so that no slash is found beyond it.
        return known && bytes[colon + 1] == '/' && bytes[colon + 2] == '/' ? colon + 3 : NONE;
    }

    @Override
    int nameOf(byte[] bytes, int from, int to) {
        byte[] own = requestIdName;
        return own != null && Ascii.equalsIgnoreCase(bytes, from, to, own)
                ? FieldName.REQUEST_ID
                : super.nameOf(bytes, from, to);
    }

    @Override
    @Nullable
    HeadError field(int name, byte[] bytes, int start, int end) {
        return switch (name) {
            case FieldName.HOST -> takeHost(bytes, start, end);
            case FieldName.EXPECT -> takeExpectation(bytes, start, end);
            case FieldName.MAX_FORWARDS -> takeMaxForwards(bytes, start, end);
            case FieldName.REQUEST_ID -> takeRequestId();
            case FieldName.TRACEPARENT -> takeTraceparent();
            default -> null;
        };
    }

    private @Nullable HeadError takeRequestId() {
        requestIdField = requestIdField == NONE ? store.count() - 1 : SEVERAL;
        return null;
    }

    private @Nullable HeadError takeTraceparent() {
        traceparentField = traceparentField == NONE ? store.count() - 1 : SEVERAL;
        return null;
    }

    /** RFC 9110 section 10.1.1; what an HTTP/1.0 client expects is ignored. */
    private @Nullable HeadError takeExpectation(byte[] bytes, int start, int end) {
        continueExpected = http11;
        boolean known = !http11 || Ascii.equalsIgnoreCase(bytes, start, end, CONTINUE);
        return known ? null : HeadError.UNKNOWN_EXPECTATION;
    }

    private @Nullable HeadError takeHost(byte[] bytes, int start, int end) {
        if (hostSeen) {
            return HeadError.REPEATED_HOST;
        }
        hostSeen = true;
        if (!Target.isAuthority(bytes, start, end)) {
            return HeadError.INVALID_HOST;
        }
        if (!absoluteForm) {
            hostStart = start;
            hostEnd = end;
        }
        return null;
    }

    private @Nullable HeadError takeMaxForwards(byte[] bytes, int start, int end) {
        if (!method.equals("OPTIONS") && !method.equals("TRACE")) {
            return null;
        }
        boolean repeated = maxForwards != NONE;
        maxForwards = parseDigits(bytes, start, end);
        return repeated || maxForwards < 0 ? HeadError.INVALID_MAX_FORWARDS : null;
    }

    @Override
    @Nullable
    HeadError finish() {
        if (http11 && !hostSeen) {
            return HeadError.MISSING_HOST;
        }
        // The array may have grown since the start line was read.
        byte[] bytes = store.bytes;
        target.set(bytes, targetStart, targetEnd);
        path.set(bytes, pathStart, pathEnd);
        if (asteriskForm) {
            path.set(ASTERISK, 0, 1);
        } else if (pathStart == pathEnd) {
            path.set(ROOT, 0, 1);
        }
        if (hasHost()) {
            host.set(bytes, hostStart, hostEnd);
        }
        return null;
    }

    /** RFC 9112 section 5.1: a server must refuse it. */
    @Override
    boolean closesUpNames() {
        return false;
    }

    @Override
    HeadError startLineTooLong() {
        return HeadError.REQUEST_LINE_TOO_LONG;
    }

    @Override
    HeadError badStartLine() {
        return HeadError.INVALID_REQUEST_LINE;
    }

    @Override
    HeadError nominatedEssential() {
        return HeadError.ESSENTIAL_OPTION;
    }

    /**
     * Appends to {@code out} the head that goes upstream: hop-by-hop and nominated fields cut, forwarding fields put in.
     * Needs nothing but this view, so that it can be called again for another attempt.
     *
     * @param ids what stands for ids that came, where there is such
     * @param cutPathBytes how many bytes of the path are replaced
     * @param pathPrefix what stands in their place
     * @param host what replaces the Host field, or null to pass it as received
     */
    public void writeUpstream(
            ByteBuf out,
            Forwarding forwarding,
            MadeIds ids,
            int cutPathBytes,
            byte[] pathPrefix,
            byte @Nullable [] host) {
        out.ensureWritable(length()
                + MAX_ADDED_BYTES
                + pathPrefix.length
                + forwarding.maxBytes()
                + ids.maxBytes()
                + (host == null ? 0 : host.length)
                + 2 * (hostEnd - hostStart));
        boolean replaceHost = host != null || absoluteForm || !hostSeen;
        int from = writeRequestLine(out, cutPathBytes, pathPrefix);
        if (replaceHost) {
            writeSpan(out, from, fieldsStart);
            from = fieldsStart;
            writeHost(out, host);
        }
        writeKept(out, from, cutMask(forwarding, ids, replaceHost));
        if (maxForwards > 0) {
            out.writeBytes(MAX_FORWARDS_NAME);
            Numbers.write(out, maxForwards - 1);
            out.writeBytes(LINE_END);
        }
        if (chunked()) {
            out.writeBytes(CHUNKED_LINE);
        }
        writeForwarding(out, forwarding);
        ids.write(out);
        out.writeBytes(http11 ? VIA_11 : VIA_10);
    }

    /**
     * Appends to {@code out} a head that was stored as it went upstream once, apart from the rewriting of its path: nothing
     * is cut and nothing put in.
     *
     * @param cutPathBytes how many bytes of the path are replaced
     * @param pathPrefix what stands in their place
     * @param host what replaces the Host field, or null to leave it as it is
     */
    public void writeStored(ByteBuf out, int cutPathBytes, byte[] pathPrefix, byte @Nullable [] host) {
        int from = writeRequestLine(out, cutPathBytes, pathPrefix);
        if (host != null) {
            writeSpan(out, from, fieldsStart);
            from = fieldsStart;
            writeHost(out, host);
        }
        writeKept(out, from, host == null ? 0 : 1 << FieldName.HOST);
        out.writeBytes(LINE_END);
    }

    private int cutMask(Forwarding forwarding, MadeIds ids, boolean replaceHost) {
        int mask = FieldName.CONNECTION_SPECIFIC | 1 << FieldName.X_FORWARDED_FOR;
        if (!forwarding.trusted()) {
            mask |= 1 << FieldName.X_FORWARDED_PROTO | 1 << FieldName.X_FORWARDED_HOST | 1 << FieldName.FORWARDED;
        }
        if (replaceHost) {
            mask |= 1 << FieldName.HOST;
        }
        if (!expectsContinue()) {
            mask |= 1 << FieldName.EXPECT;
        }
        if (maxForwards > 0) {
            mask |= 1 << FieldName.MAX_FORWARDS;
        }
        if (ids.hasRequestId()) {
            mask |= 1 << FieldName.REQUEST_ID;
        }
        if (ids.hasTraceparent()) {
            mask |= 1 << FieldName.TRACEPARENT | 1 << FieldName.TRACESTATE;
        }
        return mask;
    }

    /** Writes the line as far as it differs, and returns from where the received bytes go on. */
    private int writeRequestLine(ByteBuf out, int cutPathBytes, byte[] pathPrefix) {
        boolean pathAsReceived = pathStart == targetStart && cutPathBytes == 0 && pathPrefix.length == 0;
        if (pathAsReceived && versionAsSent) {
            return lineStart;
        }
        writeSpan(out, lineStart, targetStart);
        int rest = pathStart;
        if (asteriskForm) {
            out.writeByte('*');
            rest = targetEnd;
        } else {
            out.writeBytes(pathPrefix);
            rest = Math.min(pathStart + cutPathBytes, pathEnd);
            boolean impliedRootStays = pathStart == pathEnd && cutPathBytes == 0;
            // Behind the path is a question mark or a space.
            boolean slashed = pathPrefix.length > 0 || store.bytes[rest] == '/';
            if (impliedRootStays || !slashed) {
                out.writeByte('/');
            }
        }
        if (versionAsSent) {
            return rest;
        }
        writeSpan(out, rest, targetEnd);
        out.writeBytes(VERSION_LINE_END);
        return fieldsStart;
    }

    private void writeHost(ByteBuf out, byte @Nullable [] host) {
        out.writeBytes(HOST_NAME);
        if (host != null) {
            out.writeBytes(host);
        } else {
            writeSpan(out, hostStart, hostEnd);
        }
        out.writeBytes(LINE_END);
    }

    private void writeForwarding(ByteBuf out, Forwarding forwarding) {
        boolean keepProto = forwarding.trusted() && has(FieldName.X_FORWARDED_PROTO);
        boolean keepHost = forwarding.trusted() && has(FieldName.X_FORWARDED_HOST);
        if (forwarding.trusted() && has(FieldName.X_FORWARDED_FOR)) {
            forwarding.writeForName(out);
            for (int i = 0; i < store.count(); i++) {
                if (store.name(i) == FieldName.X_FORWARDED_FOR && store.valueEnd(i) > store.valueStart(i)) {
                    writeSpan(out, store.valueStart(i), store.valueEnd(i));
                    out.writeBytes(LIST_SEPARATOR);
                }
            }
            forwarding.writeAddress(out);
            if (!keepProto) {
                forwarding.writeProto(out);
            }
        } else if (keepProto) {
            forwarding.writeForName(out);
            forwarding.writeAddress(out);
        } else {
            forwarding.writeForAndProto(out);
        }
        if (!keepHost && hasHost()) {
            out.writeBytes(FORWARDED_HOST_NAME);
            writeSpan(out, hostStart, hostEnd);
            out.writeBytes(LINE_END);
        }
    }

    private static String methodOf(byte[] bytes, int start, int end) {
        for (int i = 0; i < METHODS.length; i++) {
            byte[] candidate = METHOD_BYTES[i];
            if (candidate.length == end - start && matches(bytes, start, candidate)) {
                return METHODS[i];
            }
        }
        return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
    }

    private static boolean matches(byte[] bytes, int start, byte[] candidate) {
        for (int i = 0; i < candidate.length; i++) {
            if (bytes[start + i] != candidate[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean isRegistered(String method) {
        for (String registered : METHODS) {
            if (registered.equals(method)) {
                return true;
            }
        }
        return false;
    }

    private static byte[][] methodBytes() {
        byte[][] all = new byte[METHODS.length][];
        for (int i = 0; i < all.length; i++) {
            all[i] = bytes(METHODS[i]);
        }
        return all;
    }
}
