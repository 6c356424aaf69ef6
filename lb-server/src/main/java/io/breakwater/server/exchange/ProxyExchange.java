package io.breakwater.server.exchange;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.metrics.RejectionReason;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.server.config.PoolConfig.BackendErrors;
import io.breakwater.server.config.PoolConfig.HostHeader;
import io.breakwater.server.config.PoolTimeouts;
import io.breakwater.server.connection.Connecting;
import io.breakwater.server.connection.ResponseSink;
import io.breakwater.server.connection.UpstreamConnection;
import io.breakwater.server.exchange.Routing.Destination;
import io.breakwater.server.http.BodyFraming;
import io.breakwater.server.http.ConnectionField;
import io.breakwater.server.http.Reply;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.http.ResponseHead;
import io.breakwater.server.listener.DownstreamConnection;
import io.breakwater.server.listener.Exchange;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.Selection;
import io.breakwater.server.route.Route;
import io.breakwater.server.runtime.TimerWheel;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response: a loop over attempts under one deadline, each of them a backend with its permit, a
 * connection, the request out and the response back. One object per downstream connection, used for its requests one
 * after the other. Confined to the connection's event loop.
 *
 * <p>Everything that can end an attempt ends in {@link #endAttempt}, the only place that tells the permit and the
 * backend's recorder; everything that can end an exchange ends in {@link #end}, the only place that tells the route's
 * recorder.
 */
final class ProxyExchange extends TimerWheel.Timeout implements Exchange, ResponseSink {
    /** A body part up to this size is copied behind the head, so that both leave in one buffer and one system call. */
    private static final int MOST_COPIED_BYTES = 8 * 1024;

    private static final int HEAD_ROOM_BYTES = 512;
    /** A client that does not read for this long may make the backend give up; what breaks then is not the backend's fault. */
    private static final long SLOW_CLIENT_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final byte[] NO_BYTES = {};

    private final DownstreamConnection downstream;
    private final ExchangeContext context;
    private final Selection selection = new Selection();

    // ---- the request ----
    private @Nullable RequestHead request;
    private @Nullable Route<Destination> route;
    private RouteRecorder recorder;
    private long startedNanos;
    private long requestDeadlineNanos;
    private boolean requestSent;

    // ---- the present attempt ----
    private @Nullable Backend backend;
    private @Nullable Permit permit;
    private @Nullable UpstreamConnection upstream;
    private @Nullable Connecting connecting;
    private Waiting waiting = Waiting.NOTHING;
    private long waitingDeadlineNanos;
    private long attemptedNanos;
    private long clientWaitSinceNanos;
    private long clientWaitNanos;
    private long headLatencyNanos;
    private boolean bodyBytesSent;
    private boolean continued;
    private boolean slowedByClient;
    private long pausedSinceNanos;
    private boolean replaced;
    private Outcome outcome = Outcome.SUCCESS;
    private boolean attemptEnded = true;

    // ---- the response ----
    private @Nullable ByteBuf out;
    private boolean headRelayed;
    private boolean keep;
    private boolean resetToEnd;
    private int status;

    ProxyExchange(DownstreamConnection downstream, ExchangeContext context) {
        this.downstream = downstream;
        this.context = context;
        this.recorder = context.unmatched();
    }

    // ================ the request comes ================

    @Override
    public void onRequest(RequestHead head, boolean tooLarge, long now) {
        request = head;
        permit = null;
        startedNanos = now;
        requestSent = false;
        headRelayed = false;
        status = 0;
        Routing routing = context.routing().get();
        CharSequence path = head.path();
        if (isHealthPath(path)) {
            answerHealth(routing, head, now);
            return;
        }
        Route<Destination> found = routing.table().match(head.method(), head.host(), path);
        route = found;
        if (found == null || head.endsHere()) {
            answerWithoutBackend(routing, head, found == null ? routing.table().allow(head.host(), path) : null, now);
            return;
        }
        recorder = found.pool().recorder();
        recorder.started();
        if (tooLarge) {
            downstream.serveNoMore();
            refuse(Reply.CONTENT_TOO_LARGE, pool().bestState(now), 0, null, null);
            return;
        }
        requestDeadlineNanos = now + pool().config().timeouts().request().toNanos();
        selection.request(0, false);
        attempt(now);
    }

    /** No route takes the request, or its Max-Forwards says that it is for us (RFC 9110 section 7.6.2). */
    private void answerWithoutBackend(Routing routing, RequestHead head, @Nullable String allow, long now) {
        recorder = context.unmatched();
        recorder.started();
        if (allow != null) {
            refuse(Reply.METHOD_NOT_ALLOWED, routing.bestState(now), 0, null, allow);
        } else if (!head.endsHere()) {
            refuse(Reply.NO_ROUTE, routing.bestState(now), 0, null, null);
        } else if (head.method().equals("OPTIONS")) {
            answer(routing, head, "text/plain", NO_BYTES, now);
        } else {
            // What TRACE would reflect may hold credentials (RFC 9110 section 9.3.8).
            refuse(Reply.METHOD_NOT_ALLOWED, routing.bestState(now), 0, null, "GET, HEAD, OPTIONS");
        }
    }

    private boolean isHealthPath(CharSequence path) {
        String health = context.listener().healthPath();
        return path.length() == health.length() && health.contentEquals(path);
    }

    private void answerHealth(Routing routing, RequestHead head, long now) {
        recorder = context.health();
        recorder.started();
        if (!head.method().equals("GET") && !head.isHead()) {
            refuse(Reply.METHOD_NOT_ALLOWED, routing.bestState(now), 0, null, "GET, HEAD");
            return;
        }
        answer(routing, head, "application/json", HealthReport.write(routing, now), now);
    }

    /** Answers 200 with a body of our own and ends the exchange. */
    private void answer(Routing routing, RequestHead head, String contentType, byte[] body, long now) {
        boolean keepAfter = downstream.canKeep();
        ByteBuf answer = downstream.alloc().buffer(512);
        Reply.writeContent(
                answer,
                downstream.fields(),
                routing.bestState(now),
                200,
                contentType,
                body,
                downstream.connectionField(keepAfter),
                head.isHead());
        downstream.write(answer);
        status = 200;
        end();
        downstream.finish(keepAfter);
    }

    // ================ an attempt ================

    /** Picks a backend and sends to it, or answers that nobody may serve. */
    private void attempt(long now) {
        pool().select(selection, now);
        Backend chosen = selection.backend();
        if (chosen == null) {
            pool().refused(selection);
            CircuitState state = selection.refusedState();
            long retryAfter =
                    state == CircuitState.OPEN ? CircuitBreaker.retryAfterSeconds(selection.retryAfterNanos()) : 0;
            refuse(Reply.CIRCUIT_OPEN, state, retryAfter, null, null);
            return;
        }
        backend = chosen;
        permit = selection.permit();
        attemptEnded = false;
        attemptedNanos = now;
        clientWaitNanos = 0;
        headLatencyNanos = 0;
        bodyBytesSent = false;
        continued = false;
        slowedByClient = false;
        replaced = false;
        outcome = Outcome.LOCAL_ERROR;
        UpstreamConnection kept =
                permit().isProbe() ? null : context.connections().takeIdle(chosen, pool().config());
        if (kept != null) {
            send(kept, now);
        } else {
            connect(chosen, now);
        }
    }

    private void connect(Backend chosen, long now) {
        awaitBackend(Waiting.CONNECTION, now, pool().config().timeouts().connect());
        Connecting made = context.connections().connect(chosen, pool().config(), this);
        if (waiting == Waiting.CONNECTION) {
            connecting = made;
        }
    }

    @Override
    public void onConnected(UpstreamConnection connection) {
        connecting = null;
        send(connection, downstream.loop().now());
    }

    @Override
    public void onConnectFailed(Outcome failure, Throwable cause) {
        connecting = null;
        fail(failure);
    }

    /** Sends the request's head, and its body as it comes. */
    private void send(UpstreamConnection connection, long now) {
        upstream = connection;
        RequestHead head = request();
        connection.begin(this, head.isHead());
        Route<Destination> to = requireNonNull(route);
        // HTTP/1.1, which is spoken upstream, demands a Host that an HTTP/1.0 client need not send (RFC 9112 section
        // 3.2).
        boolean ownHost = pool().config().hostHeader() == HostHeader.BACKEND || !head.hasHost();
        byte[] host = ownHost ? authority(requireNonNull(backend)) : null;
        ByteBuf bytes = downstream.alloc().buffer(head.length() + HEAD_ROOM_BYTES);
        head.writeUpstream(bytes, downstream.forwarding(), to.cutPathBytes(head.path()), to.pathPrefix(), host);
        connection.write(bytes);
        if (head.framing() == BodyFraming.NONE) {
            connection.flush();
            requestSent = true;
            await(Waiting.RESPONSE_HEAD, now, pool().config().timeouts().responseHead());
        } else {
            awaitProgress(now);
            downstream.resumeBody();
        }
    }

    private static byte[] authority(Backend backend) {
        String host = backend.config().host();
        return ((host.indexOf(':') >= 0 ? "[" + host + "]" : host)
                        + ":"
                        + backend.config().port())
                .getBytes(US_ASCII);
    }

    /**
     * Whom the exchange waits for now, as far as it has come: the client to read, the client to send, or the backend. Only
     * the last is the backend's time.
     */
    private void awaitProgress(long now) {
        UpstreamConnection connection = requireNonNull(upstream);
        PoolTimeouts timeouts = pool().config().timeouts();
        if (headRelayed && !downstream.isWritable()) {
            awaitBackend(Waiting.NOTHING, now, Duration.ZERO);
        } else if (!requestSent && !connection.isWritable()) {
            awaitBackend(Waiting.REQUEST_TAKEN, now, timeouts.responseIdle());
        } else if (!requestSent && !awaitsContinue()) {
            awaitClientBody(now);
        } else if (headRelayed) {
            awaitBackend(Waiting.RESPONSE_BODY, now, timeouts.responseIdle());
        } else {
            awaitBackend(Waiting.RESPONSE_HEAD, now, timeouts.responseHead());
        }
    }

    /** The client rightly waits for the backend's word before it sends its body (RFC 9110 section 10.1.1). */
    private boolean awaitsContinue() {
        return request().expectsContinue() && !continued && !bodyBytesSent && !headRelayed;
    }

    private void awaitClientBody(long now) {
        if (waiting != Waiting.CLIENT_BODY) {
            clientWaitSinceNanos = now;
            if (!headRelayed && !attemptEnded) {
                permit().waitingForClient(now);
            }
        }
        await(Waiting.CLIENT_BODY, now, context.listener().timeouts().requestBodyIdle());
    }

    private void awaitBackend(Waiting next, long now, Duration timeout) {
        if (waiting == Waiting.CLIENT_BODY) {
            long waited = now - clientWaitSinceNanos;
            clientWaitNanos += waited;
            // The deadline of the request is the backends'; it never cuts a body that the client is still sending.
            requestDeadlineNanos += waited;
            if (!headRelayed && !attemptEnded) {
                permit().waitingForBackend(now);
            }
        }
        await(next, now, timeout);
    }

    @Override
    public void onRequestBody(ByteBuf in, int length) {
        UpstreamConnection connection = upstream;
        if (connection == null) {
            return; // the response is out already; the rest of the request is for nobody
        }
        bodyBytesSent = true;
        connection.write(in.readRetainedSlice(length));
        if (!connection.isWritable()) {
            downstream.pauseBody();
        }
    }

    @Override
    public void onRequestEnd() {
        requestSent = true;
        UpstreamConnection connection = upstream;
        if (connection == null) {
            return;
        }
        connection.flush();
        awaitProgress(downstream.loop().now());
    }

    @Override
    public void onRequestReadComplete() {
        UpstreamConnection connection = upstream;
        if (connection != null && !requestSent) {
            connection.flush();
            if (connection == upstream && !requestSent) { // the flush may have let the rest of the body through
                awaitProgress(downstream.loop().now());
            }
        }
    }

    @Override
    public void onUpstreamWritabilityChanged() {
        if (!requestSent && requireNonNull(upstream).isWritable()) {
            awaitProgress(downstream.loop().now());
            downstream.resumeBody();
        }
    }

    @Override
    public void onRequestRefused(Reply reply, String detail) {
        clientFailed(Outcome.CLIENT_ABORTED, reply, detail.isEmpty() ? null : detail);
    }

    /** The rest of the request will not come, or cannot be taken. */
    private void clientFailed(Outcome how, Reply reply, @Nullable String detail) {
        blame(how);
        dropUpstream();
        endAttempt(downstream.loop().now());
        downstream.serveNoMore();
        if (headRelayed) {
            end();
            downstream.abort(resetToEnd);
        } else {
            refuse(reply, permit().admittedIn(), 0, detail, null);
        }
    }

    // ================ the response comes ================

    @Override
    public void onResponseHead(ResponseHead head) {
        RequestHead asked = request();
        if (head.isInformational()) {
            if (asked.isHttp11()) {
                ByteBuf interim = downstream.alloc().buffer(head.length() + HEAD_ROOM_BYTES);
                head.writeDownstream(interim, downstream.fields(), null, ConnectionField.ABSENT, false);
                downstream.write(interim);
                downstream.flush();
            }
            continued |= head.status() == 100;
            if (!requestSent) {
                awaitProgress(downstream.loop().now());
            }
            return;
        }
        long now = downstream.loop().now();
        if (waiting == Waiting.CLIENT_BODY) {
            clientWaitNanos += now - clientWaitSinceNanos;
            permit().waitingForBackend(now);
        }
        headLatencyNanos = now - attemptedNanos - clientWaitNanos;
        outcome = Classifier.ofStatus(head.status(), pool().config());
        if (outcome.verdict() == Verdict.FAILURE) {
            if (pool().config().backendErrors() == BackendErrors.REPLACE) {
                discardUpstream();
                endAttempt(now);
                refuse(Reply.BACKEND_UNAVAILABLE, permit().admittedIn(), 0, null, null);
                return;
            }
            // Known now, whatever becomes of the body.
            permit().record(outcome, headLatencyNanos, now);
        } else {
            permit().headReceived(now);
        }
        relayHead(head, asked, now);
    }

    private void relayHead(ResponseHead head, RequestHead asked, long now) {
        UpstreamConnection connection = requireNonNull(upstream);
        boolean unframe = head.framing() == BodyFraming.CHUNKED && !asked.isHttp11();
        boolean endsWithConnection = head.framing() == BodyFraming.CLOSE || unframe;
        // An early answer leaves a request behind whose rest nobody reads: such a connection is not kept.
        keep = !endsWithConnection && downstream.isRequestComplete() && downstream.canKeep();
        resetToEnd = endsWithConnection;
        if (unframe) {
            connection.unframe();
        }
        status = head.status();
        headRelayed = true;
        ByteBuf bytes = downstream.alloc().buffer(head.length() + HEAD_ROOM_BYTES + copiedBytes(head));
        head.writeDownstream(
                bytes, downstream.fields(), permit().admittedIn(), downstream.connectionField(keep), unframe);
        out = bytes;
        awaitProgress(now);
    }

    private static int copiedBytes(ResponseHead head) {
        return switch (head.framing()) {
            case NONE -> 0;
            case LENGTH -> (int) Math.min(head.contentLength(), MOST_COPIED_BYTES);
            case CHUNKED, CLOSE -> MOST_COPIED_BYTES / 4;
        };
    }

    @Override
    public void onResponseBody(ByteBuf in, int length) {
        ByteBuf head = out;
        if (head != null && length <= head.writableBytes()) {
            head.writeBytes(in, in.readerIndex(), length);
        } else {
            writeOut();
            downstream.write(in.retainedSlice(in.readerIndex(), length));
        }
    }

    private void writeOut() {
        ByteBuf bytes = out;
        if (bytes != null) {
            out = null;
            downstream.write(bytes);
        }
    }

    @Override
    public void onResponseReadComplete() {
        if (!headRelayed) {
            return;
        }
        writeOut();
        downstream.flush();
        awaitMoreOfResponse();
    }

    @Override
    public void onDownstreamWritabilityChanged() {
        if (headRelayed) {
            awaitMoreOfResponse();
        }
    }

    /** Reads from the backend as fast as the client takes it. */
    private void awaitMoreOfResponse() {
        UpstreamConnection connection = upstream;
        if (connection == null) {
            return;
        }
        long now = downstream.loop().now();
        if (downstream.isWritable()) {
            if (connection.isPaused()) {
                slowedByClient |= now - pausedSinceNanos >= SLOW_CLIENT_NANOS;
                connection.resume();
            }
        } else if (!connection.isPaused()) {
            pausedSinceNanos = now;
            connection.pause();
        }
        awaitProgress(now);
    }

    @Override
    public void onResponseEnd() {
        writeOut();
        UpstreamConnection connection = requireNonNull(upstream);
        upstream = null;
        connection.release(requestSent);
        endAttempt(downstream.loop().now());
        end();
        downstream.finish(keep);
    }

    // ================ what goes wrong ================

    @Override
    public void onResponseFailed(Outcome failure, boolean untouched) {
        UpstreamConnection connection = requireNonNull(upstream);
        upstream = null;
        if (failure == Outcome.CONNECTION_RESET && untouched && connection.isReused() && mayReplace()) {
            replace();
        } else {
            fail(Classifier.ofBrokenResponse(failure, waiting, slowedByClient));
        }
    }

    /**
     * A kept connection that the backend closed while it was idle says nothing about the backend. The request may go out
     * again when that cannot do anything twice (RFC 9110 section 9.2.2) and all of it is still here.
     */
    private boolean mayReplace() {
        return !replaced && request().isIdempotent() && !bodyBytesSent && !headRelayed;
    }

    private void replace() {
        long now = downstream.loop().now();
        Backend same = requireNonNull(backend);
        same.connectionWasStale(now - attemptedNanos);
        replaced = true;
        if (!requestSent) {
            downstream.pauseBody();
        }
        connect(same, now);
    }

    @Override
    protected void expired(long now) {
        boolean whole = waiting != Waiting.CLIENT_BODY && now - requestDeadlineNanos >= 0 && !headRelayed;
        if (!whole && now - waitingDeadlineNanos < 0) {
            schedule();
            return;
        }
        Outcome late = Classifier.ofTimeout(waiting);
        if (late == Outcome.CLIENT_TIMEOUT) {
            clientFailed(late, Reply.REQUEST_TIMEOUT, null);
        } else {
            dropUpstream();
            fail(late);
        }
    }

    /** The attempt failed, and there is no other to make. */
    private void fail(Outcome failure) {
        blame(failure);
        endAttempt(downstream.loop().now());
        if (headRelayed) {
            writeOut();
            downstream.flush();
            end();
            downstream.abort(resetToEnd);
            return;
        }
        boolean timeout = failure == Outcome.RESPONSE_TIMEOUT || failure == Outcome.CONNECT_TIMEOUT;
        boolean pass = pool().config().backendErrors() == BackendErrors.PASS;
        refuse(
                timeout && pass ? Reply.BACKEND_TIMEOUT : Reply.BACKEND_UNAVAILABLE,
                permit().admittedIn(),
                0,
                null,
                null);
    }

    @Override
    public void onClientGone() {
        breakOff(Outcome.CLIENT_ABORTED);
    }

    @Override
    public void onShutdown() {
        breakOff(Outcome.LOCAL_ERROR);
    }

    @Override
    public void onClientStalled() {
        breakOff(Outcome.CLIENT_TIMEOUT);
        downstream.abort(true);
    }

    /** There is nobody to answer any more. */
    private void breakOff(Outcome how) {
        blame(how);
        dropUpstream();
        endAttempt(downstream.loop().now());
        status = 0;
        end();
    }

    @Override
    public void onClosed() {
        downstream.loop().timers().remove(this);
    }

    // ================ ends ================

    private void dropUpstream() {
        Connecting made = connecting;
        UpstreamConnection connection = upstream;
        connecting = null;
        upstream = null;
        if (made != null) {
            made.cancel();
        }
        if (connection != null) {
            connection.close();
        }
    }

    private void discardUpstream() {
        UpstreamConnection connection = requireNonNull(upstream);
        upstream = null;
        connection.discard(requestSent);
    }

    /** A failure status stays the outcome, whatever becomes of its body afterwards. */
    private void blame(Outcome how) {
        if (outcome != Outcome.FAILURE_STATUS) {
            outcome = how;
        }
    }

    /** Ends the attempt, if one is under way: its outcome is {@link #outcome}. */
    private void endAttempt(long now) {
        if (attemptEnded) {
            return;
        }
        attemptEnded = true;
        Backend ended = requireNonNull(backend);
        if (outcome.verdict() == Verdict.IGNORED) {
            permit().release(now);
        } else {
            permit().record(outcome, headLatencyNanos, now);
        }
        ended.attemptEnded(outcome, headLatencyNanos, now - attemptedNanos, now);
    }

    /** Answers with a response of our own and ends the exchange. */
    private void refuse(
            Reply reply, CircuitState state, long retryAfterSeconds, @Nullable String detail, @Nullable String allow) {
        RejectionReason reason = reply.rejection();
        if (reason != null) {
            recorder.rejected(reason);
        }
        status = reply.status();
        end();
        downstream.reply(reply, state, retryAfterSeconds, detail, allow);
    }

    /** Ends the exchange: the one place that tells the route's recorder, with {@link #status} or 0 for a client that left. */
    private void end() {
        downstream.loop().timers().cancel(this);
        waiting = Waiting.NOTHING;
        if (out != null) {
            out.release();
            out = null;
        }
        long duration = downstream.loop().now() - startedNanos;
        if (status == 0) {
            recorder.clientClosed(duration);
        } else {
            recorder.ended(status, duration);
        }
        request = null;
        route = null;
        backend = null;
    }

    // ================ helpers ================

    private void await(Waiting next, long now, Duration timeout) {
        waiting = next;
        if (next == Waiting.NOTHING) {
            downstream.loop().timers().cancel(this);
            return;
        }
        waitingDeadlineNanos = now + timeout.toNanos();
        schedule();
    }

    private void schedule() {
        long deadline = waitingDeadlineNanos;
        if (!headRelayed && waiting != Waiting.CLIENT_BODY && requestDeadlineNanos - deadline < 0) {
            deadline = requestDeadlineNanos;
        }
        downstream.loop().timers().schedule(this, deadline);
    }

    private RequestHead request() {
        return requireNonNull(request);
    }

    private BackendPool pool() {
        return requireNonNull(route).pool().pool();
    }

    private Permit permit() {
        return requireNonNull(permit);
    }
}
