package io.breakwater.server.exchange;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;
import io.breakwater.health.breaker.Permit;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.PoolConfig.HostHeader;
import io.breakwater.server.config.PoolTimeouts;
import io.breakwater.server.connection.Connecting;
import io.breakwater.server.connection.ConnectionPool;
import io.breakwater.server.connection.ResponseSink;
import io.breakwater.server.connection.UpstreamConnection;
import io.breakwater.server.exchange.Routing.Destination;
import io.breakwater.server.fallback.queue.Field;
import io.breakwater.server.fallback.queue.QueuedRequest;
import io.breakwater.server.fallback.queue.SendResult;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.http.ResponseFields;
import io.breakwater.server.http.ResponseHead;
import io.breakwater.server.http.Scan;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.Selection;
import io.breakwater.server.route.Route;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.runtime.TimerWheel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to deliver a queued request: one backend with its permit and a connection to it, by the rules that an
 * {@link Attempt} has, for nobody who waits. Used once. Confined to its event loop.
 *
 * <p>What the response's head says decides what becomes of the request; its end decides what the attempt says about the
 * backend. {@link #end} is the only place that tells the permit, the backend and the queue.
 */
final class Replay extends TimerWheel.Timeout implements ResponseSink {
    private static final int REQUEST_TIMEOUT = 408;
    private static final int TOO_EARLY = 425;
    private static final int TOO_MANY_REQUESTS = 429;
    /** Of methods whose content means something, so that none is told of too (RFC 9110 section 8.6). */
    private static final Set<String> WITH_CONTENT = Set.of("POST", "PUT", "PATCH");

    private final Loop loop;
    private final ConnectionPool connections;
    private final ResponseFields fields;
    private final Route<Destination> route;
    private final QueuedRequest request;
    private final RequestHead head;
    private final CompletableFuture<SendResult> result;

    private @Nullable Backend backend;
    private @Nullable Permit permit;
    private @Nullable UpstreamConnection upstream;
    private @Nullable Connecting connecting;
    /** Counts the connections asked for: a failure may be told before the one that fails is returned. */
    private int connects;

    private Waiting waiting = Waiting.NOTHING;
    private long waitingDeadlineNanos;
    private long startedNanos;
    private boolean written;
    private boolean sent;
    private boolean replaced;
    private long headLatencyNanos;
    /** Of the response; 0 while there is none. */
    private int status;

    private boolean ended;

    /**
     * @param fields know the time that a backend's Retry-After is measured by
     * @param result completed once, on the loop
     */
    Replay(
            Loop loop,
            ConnectionPool connections,
            ResponseFields fields,
            Route<Destination> route,
            QueuedRequest request,
            CompletableFuture<SendResult> result) {
        this.loop = loop;
        this.connections = connections;
        this.fields = fields;
        this.route = route;
        this.request = request;
        this.head = scanned(request);
        this.result = result;
    }

    /** Returns the head as it was stored, to be matched, hashed and written like any other. */
    private static RequestHead scanned(QueuedRequest request) {
        StringBuilder text = new StringBuilder();
        boolean hosted =
                request.fields().stream().anyMatch(field -> field.name().equalsIgnoreCase("Host"));
        text.append(request.method()).append(' ').append(request.target());
        text.append(hosted ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
        for (Field field : request.fields()) {
            text.append(field.name()).append(": ").append(field.value()).append("\r\n");
        }
        if (request.body().length > 0 || WITH_CONTENT.contains(request.method())) {
            text.append("Content-Length: ").append(request.body().length).append("\r\n");
        }
        byte[] bytes = text.append("\r\n").toString().getBytes(ISO_8859_1);
        RequestHead head = new RequestHead(
                new HeadLimits(bytes.length, bytes.length, request.fields().size() + 1));
        if (head.scan(Unpooled.wrappedBuffer(bytes)) != Scan.COMPLETE) {
            throw new IllegalStateException(request + ": stored with a head that is none: " + head.error());
        }
        return head;
    }

    // ================ the request goes out ================

    /**
     * Asks the route's pool for a backend, and sends to it.
     *
     * @param hashKey as {@link RequestHash} gives it for {@link #head}
     */
    void begin(long hashKey) {
        long now = loop.now();
        BackendPool pool = destination().pool();
        Selection selection = new Selection();
        // It will be repeated if need be, and costs no client anything: there is no better probe.
        selection.request(hashKey, true);
        if (pool.traffic().line().isEmpty()) { // whom a client waits for comes first
            pool.select(selection, now);
        }
        Backend chosen = selection.backend();
        if (chosen == null) {
            ended = true;
            finish(SendResult.unavailable());
            return;
        }
        backend = chosen;
        permit = selection.permit();
        startedNanos = now;
        UpstreamConnection kept = permit().isProbe() ? null : connections.takeIdle(chosen.replica(), config());
        if (kept != null) {
            send(kept);
        } else {
            connect();
        }
    }

    /** The request that is sent. */
    RequestHead head() {
        return head;
    }

    private void connect() {
        await(Waiting.CONNECTION, timeouts().connect());
        int number = ++connects;
        Connecting made = connections.connect(backend().replica(), config(), this);
        if (number == connects && waiting == Waiting.CONNECTION) {
            connecting = made;
        }
    }

    @Override
    public void onConnected(UpstreamConnection connection) {
        connecting = null;
        send(connection);
    }

    @Override
    public void onConnectFailed(Outcome failure, Throwable cause) {
        connecting = null;
        connects++;
        end(failure);
    }

    private void send(UpstreamConnection connection) {
        upstream = connection;
        written = true;
        connection.begin(this, head.isHead());
        boolean ownHost = config().hostHeader() == HostHeader.BACKEND || !head.hasHost();
        ByteBuf out = Unpooled.buffer(head.length());
        head.writeStored(
                out,
                route.cutPathBytes(head.path()),
                route.pathPrefix(),
                ownHost ? backend().authority() : null);
        connection.write(out);
        if (request.body().length > 0) {
            connection.write(Unpooled.wrappedBuffer(request.body()));
        }
        await(Waiting.REQUEST_TAKEN, timeouts().responseIdle());
        connection.flush();
        awaitHeadOnceSent();
    }

    @Override
    public void onUpstreamWritabilityChanged() {
        awaitHeadOnceSent();
    }

    private void awaitHeadOnceSent() {
        UpstreamConnection connection = upstream;
        if (connection != null && !sent && connection.isWritable()) {
            sent = true;
            if (status == 0) {
                await(Waiting.RESPONSE_HEAD, timeouts().responseHead());
            }
        }
    }

    private void await(Waiting next, Duration timeout) {
        waiting = next;
        waitingDeadlineNanos = loop.now() + timeout.toNanos();
        long deadline = deadlineNanos();
        loop.timers().schedule(this, deadline - waitingDeadlineNanos < 0 ? deadline : waitingDeadlineNanos);
    }

    /** Nobody waits for the body of the response; so {@code timeouts.request} ends this too. */
    private long deadlineNanos() {
        return startedNanos + timeouts().request().toNanos();
    }

    @Override
    protected void expired(long now) {
        drop();
        end(Classifier.ofTimeout(waiting));
    }

    // ================ the response comes ================

    @Override
    public void onResponseHead(ResponseHead response) {
        if (response.isInformational()) {
            return;
        }
        long now = loop.now();
        status = response.status();
        headLatencyNanos = now - startedNanos;
        Outcome outcome = Classifier.ofStatus(status, config());
        if (outcome.verdict() == Verdict.FAILURE) {
            backend().outcomeKnown(outcome, headLatencyNanos, now);
            permit().record(outcome, headLatencyNanos, response.retryAfterNanos(fields), now);
            UpstreamConnection connection = requireNonNull(upstream);
            upstream = null;
            connection.discard(sent);
            end(outcome);
        } else {
            permit().headReceived(now);
            await(Waiting.RESPONSE_BODY, timeouts().responseIdle());
        }
    }

    /** Nobody wants it. */
    @Override
    public void onResponseBody(ByteBuf in, int length) {}

    @Override
    public void onResponseReadComplete() {
        if (waiting == Waiting.RESPONSE_BODY && !ended) {
            await(Waiting.RESPONSE_BODY, timeouts().responseIdle());
        }
    }

    @Override
    public void onResponseEnd() {
        UpstreamConnection connection = requireNonNull(upstream);
        upstream = null;
        connection.release(sent);
        end(Outcome.SUCCESS);
    }

    @Override
    public void onResponseFailed(Outcome failure, boolean untouched) {
        UpstreamConnection connection = requireNonNull(upstream);
        upstream = null;
        if (failure == Outcome.CONNECTION_RESET && untouched && connection.isReused() && !replaced) {
            // A kept connection that was closed while idle says nothing about the backend.
            backend().connectionWasStale(loop.now() - startedNanos);
            replaced = true;
            sent = false;
            connect();
        } else {
            end(failure);
        }
    }

    // ================ ends ================

    private void drop() {
        Connecting made = connecting;
        UpstreamConnection connection = upstream;
        connecting = null;
        upstream = null;
        connects++;
        if (made != null) {
            made.cancel();
        }
        if (connection != null) {
            connection.close();
        }
    }

    private void end(Outcome outcome) {
        if (ended) {
            return;
        }
        ended = true;
        waiting = Waiting.NOTHING;
        loop.timers().remove(this);
        long now = loop.now();
        long duration = now - startedNanos;
        long latencyNanos = status == 0 ? duration : headLatencyNanos;
        if (outcome != Outcome.FAILURE_STATUS) { // which was known with the head
            backend().outcomeKnown(outcome, latencyNanos, now);
        }
        if (outcome.verdict() == Verdict.IGNORED) {
            permit().release(now);
        } else {
            permit().record(outcome, latencyNanos, now);
        }
        backend().attemptEnded(outcome, headLatencyNanos, duration, now);
        finish(status == 0 ? unanswered() : answered(outcome));
    }

    private void finish(SendResult sending) {
        head.reset();
        result.complete(sending);
    }

    private SendResult unanswered() {
        return written ? SendResult.failed() : SendResult.unavailable();
    }

    private SendResult answered(Outcome outcome) {
        if (outcome == Outcome.FAILURE_STATUS || status >= 500 || asksToWait(status)) {
            return SendResult.failed();
        }
        return status >= 400 ? SendResult.rejected(status) : SendResult.delivered(status);
    }

    private static boolean asksToWait(int status) {
        return status == REQUEST_TIMEOUT || status == TOO_EARLY || status == TOO_MANY_REQUESTS;
    }

    private Destination destination() {
        return route.pool();
    }

    private PoolConfig config() {
        return destination().pool().config();
    }

    private PoolTimeouts timeouts() {
        return destination().timeouts();
    }

    private Backend backend() {
        return requireNonNull(backend);
    }

    private Permit permit() {
        return requireNonNull(permit);
    }
}
