package io.breakwater.server.exchange;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.PoolTimeouts;
import io.breakwater.server.connection.Connecting;
import io.breakwater.server.connection.ConnectionPool;
import io.breakwater.server.connection.ResponseSink;
import io.breakwater.server.connection.UpstreamConnection;
import io.breakwater.server.http.ResponseHead;
import io.breakwater.server.listener.DownstreamConnection;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.Selection;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.runtime.TimerWheel;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The present attempt of an exchange: one backend with its permit, a connection to it, and whom we wait for. One object
 * per exchange, used for its attempts one after the other. Confined to the exchange's event loop.
 *
 * <p>An attempt lets go of its connection before it ends, and a connection that was let go of calls nobody back, so that
 * nothing of one attempt reaches the next. {@link #end} is the only place that tells the permit and the backend.
 */
final class Attempt extends TimerWheel.Timeout implements ResponseSink {
    /** A client that does not read for this long may make the backend give up; what breaks then is not the backend's fault. */
    private static final long SLOW_CLIENT_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ProxyExchange exchange;
    private final Loop loop;
    private final ConnectionPool connections;

    private @Nullable Backend backend;
    private @Nullable Permit permit;
    private @Nullable UpstreamConnection upstream;
    private @Nullable Connecting connecting;
    /** Counts the connections asked for: a failure may be told before the one that fails is returned. */
    private int connects;

    private Waiting waiting = Waiting.NOTHING;
    private long waitingDeadlineNanos;
    /** The deadline is {@code per-try-timeout}: if nobody else can take over, there is more time. */
    private boolean impatient;

    private boolean retry;
    private long startedNanos;
    private long clientWaitSinceNanos;
    private long clientWaitNanos;
    private boolean headCame;
    private long headLatencyNanos;
    /** The whole request is written. */
    private boolean sent;

    private boolean slowedByClient;
    private long pausedSinceNanos;
    private boolean replaced;
    private Outcome outcome = Outcome.SUCCESS;
    private boolean ended = true;

    Attempt(ProxyExchange exchange, Loop loop, ConnectionPool connections) {
        this.exchange = exchange;
        this.loop = loop;
        this.connections = connections;
    }

    // ================ the request goes out ================

    /**
     * Begins with the backend that was selected; the attempt before, if any, has ended.
     *
     * @param again this is a retry
     */
    void begin(Selection selection, boolean again, long now) {
        Backend chosen = requireNonNull(selection.backend());
        backend = chosen;
        permit = selection.permit();
        ended = false;
        retry = again;
        startedNanos = now;
        clientWaitNanos = 0;
        headCame = false;
        headLatencyNanos = 0;
        sent = false;
        impatient = false;
        slowedByClient = false;
        replaced = false;
        outcome = Outcome.LOCAL_ERROR;
        UpstreamConnection kept = isProbe() ? null : connections.takeIdle(chosen.replica(), config());
        if (kept != null) {
            send(kept, now);
        } else {
            connect(chosen, now);
        }
    }

    private void connect(Backend to, long now) {
        awaitBackend(Waiting.CONNECTION, now, exchange.timeouts().connect());
        int number = ++connects;
        Connecting made = connections.connect(to.replica(), config(), this);
        if (number == connects && waiting == Waiting.CONNECTION) {
            connecting = made;
        }
    }

    @Override
    public void onConnected(UpstreamConnection connection) {
        connecting = null;
        send(connection, loop.now());
    }

    @Override
    public void onConnectFailed(Outcome failure, Throwable cause) {
        connecting = null;
        connects++;
        exchange.onAttemptFailed(failure, failure, loop.now());
    }

    /** Sends the request's head and what came of its body, and lets the rest of that come. */
    private void send(UpstreamConnection connection, long now) {
        upstream = connection;
        connection.begin(this, exchange.request().isHead());
        connection.flowing(downstream().hasTakenAll());
        exchange.writeRequest(connection, requireNonNull(backend));
        if (exchange.isRequestEnded()) {
            sent = true;
            connection.flush();
            awaitProgress(now);
            return;
        }
        awaitProgress(now);
        if (connection.isWritable()) {
            downstream().resumeBody();
        } else {
            connection.flush();
        }
    }

    /** The next {@code length} bytes of {@code in} belong to the request's body. */
    void write(ByteBuf in, int length) {
        UpstreamConnection connection = requireNonNull(upstream);
        connection.write(in.retainedSlice(in.readerIndex(), length));
        if (!connection.isWritable()) {
            downstream().pauseBody();
        }
    }

    /** All of the request's body has been handed over. */
    void requestEnded() {
        sent = true;
        UpstreamConnection connection = upstream;
        if (connection != null) {
            connection.flush();
            awaitProgress(loop.now());
        }
    }

    /** What was there of the request's body has been handed over. */
    void flushRequest() {
        UpstreamConnection connection = upstream;
        if (connection != null && !sent) {
            connection.flush();
            if (connection == upstream && !sent) { // the flush may have let the rest of the body through
                downstream().flowing(connection.hasTakenAll());
                awaitProgress(loop.now());
            }
        }
    }

    @Override
    public void onUpstreamWritabilityChanged() {
        if (!sent && requireNonNull(upstream).isWritable()) {
            awaitProgress(loop.now());
            downstream().resumeBody();
        }
    }

    // ================ whom we wait for ================

    /**
     * Whom the attempt waits for now, as far as it has come: the client to read, the client to send, or the backend. Only
     * the last is the backend's time.
     */
    private void awaitProgress(long now) {
        UpstreamConnection connection = requireNonNull(upstream);
        PoolTimeouts timeouts = exchange.timeouts();
        boolean relaying = exchange.isResponseBegun();
        if (relaying && !downstream().isWritable()) {
            awaitBackend(Waiting.NOTHING, now, Duration.ZERO);
        } else if (!sent && !connection.isWritable()) {
            awaitBackend(Waiting.REQUEST_TAKEN, now, timeouts.responseIdle());
        } else if (!sent && !exchange.awaitsContinue()) {
            awaitClientBody(now);
        } else if (relaying) {
            awaitBackend(Waiting.RESPONSE_BODY, now, timeouts.responseIdle());
        } else {
            awaitHead(now);
        }
    }

    private void awaitHead(long now) {
        Duration responseHead = exchange.timeouts().responseHead();
        Duration patience = config().retries().perTryTimeout();
        impatient = !patience.isZero()
                && patience.compareTo(responseHead) < 0
                && exchange.mightRetry(Outcome.RESPONSE_TIMEOUT, now);
        awaitBackend(Waiting.RESPONSE_HEAD, now, impatient ? patience : responseHead);
    }

    private void awaitClientBody(long now) {
        if (waiting == Waiting.CLIENT_BODY) {
            settleClientWait(now);
        } else {
            clientWaitSinceNanos = now;
            if (!headCame && !ended) {
                permit().waitingForClient(now);
            }
        }
        await(Waiting.CLIENT_BODY, now, exchange.bodyPatienceNanos());
    }

    private void awaitBackend(Waiting next, long now, Duration timeout) {
        if (waiting == Waiting.CLIENT_BODY) {
            settleClientWait(now);
            if (!headCame && !ended) {
                permit().waitingForBackend(now);
            }
        }
        await(next, now, timeout.toNanos());
    }

    /** The time that the client took for its body is not the backend's. */
    private void settleClientWait(long now) {
        if (waiting == Waiting.CLIENT_BODY) {
            long waited = now - clientWaitSinceNanos;
            clientWaitSinceNanos = now;
            clientWaitNanos += waited;
            exchange.clientWaited(waited);
        }
    }

    private void await(Waiting next, long now, long timeoutNanos) {
        waiting = next;
        if (next == Waiting.NOTHING) {
            loop.timers().cancel(this);
            return;
        }
        waitingDeadlineNanos = now + timeoutNanos;
        schedule();
    }

    private void schedule() {
        long deadline = waitingDeadlineNanos;
        if (requestTimeRuns() && exchange.requestDeadlineNanos() - deadline < 0) {
            deadline = exchange.requestDeadlineNanos();
        }
        loop.timers().schedule(this, deadline);
    }

    /** {@code timeouts.request} is the backends'; it never cuts a body that the client is still sending. */
    private boolean requestTimeRuns() {
        return !exchange.isResponseBegun() && waiting != Waiting.CLIENT_BODY;
    }

    @Override
    protected void expired(long now) {
        boolean requestOver = requestTimeRuns() && now - exchange.requestDeadlineNanos() >= 0;
        if (!requestOver && now - waitingDeadlineNanos < 0) {
            schedule();
            return;
        }
        Outcome late = Classifier.ofTimeout(waiting);
        if (late == Outcome.CLIENT_TIMEOUT) {
            exchange.onClientTooSlow(now);
        } else if (!requestOver && impatient && waiting == Waiting.RESPONSE_HEAD) {
            impatient = false;
            if (!exchange.takenOver(late, late, now)) {
                Duration rest = exchange.timeouts()
                        .responseHead()
                        .minus(config().retries().perTryTimeout());
                waitingDeadlineNanos += rest.toNanos();
                schedule();
            }
        } else {
            drop();
            exchange.onAttemptFailed(late, late, now);
        }
    }

    // ================ the response comes ================

    @Override
    public void onResponseHead(ResponseHead head) {
        if (head.isInformational()) {
            exchange.onInterimResponse(head);
            if (!sent) {
                awaitProgress(loop.now());
            }
            return;
        }
        long now = loop.now();
        if (waiting == Waiting.CLIENT_BODY) {
            settleClientWait(now);
            permit().waitingForBackend(now);
        }
        headCame = true;
        headLatencyNanos = now - startedNanos - clientWaitNanos;
        outcome = Classifier.ofStatus(head.status(), config());
        if (outcome.verdict() == Verdict.FAILURE) {
            // Known now, whatever becomes of the body.
            requireNonNull(backend).outcomeKnown(outcome, headLatencyNanos, now);
            permit().record(
                            outcome,
                            headLatencyNanos,
                            head.retryAfterNanos(downstream().fields()),
                            now);
        } else {
            permit().headReceived(now);
        }
        exchange.onResponse(head, outcome, now);
    }

    /** The response goes to the client from now on. */
    void relay(boolean unframed, long now) {
        if (unframed) {
            requireNonNull(upstream).unframe();
        }
        awaitProgress(now);
    }

    @Override
    public void onResponseBody(ByteBuf in, int length) {
        exchange.onResponseBody(in, length);
        if (!downstream().isWritable()) {
            // One round of the loop may read a MiB, and all of that would wait if the client does not take it.
            exchange.flushResponse();
            readAsTheClientReads();
        }
    }

    @Override
    public void onResponseReadComplete() {
        if (exchange.isResponseBegun()) {
            exchange.flushResponse();
            readAsTheClientReads();
        }
    }

    /** Reads from the backend as fast as the client takes it. */
    void readAsTheClientReads() {
        UpstreamConnection connection = upstream;
        if (connection == null) {
            return;
        }
        long now = loop.now();
        if (downstream().isWritable()) {
            if (connection.isPaused()) {
                slowedByClient |= now - pausedSinceNanos >= SLOW_CLIENT_NANOS;
                connection.resume();
            }
        } else if (!connection.isPaused()) {
            pausedSinceNanos = now;
            connection.pause();
        }
        connection.flowing(downstream().hasTakenAll());
        awaitProgress(now);
    }

    @Override
    public void onResponseEnd() {
        UpstreamConnection connection = requireNonNull(upstream);
        upstream = null;
        connection.release(sent);
        exchange.onResponseEnd(loop.now());
    }

    @Override
    public void onResponseFailed(Outcome failure, boolean untouched) {
        UpstreamConnection connection = requireNonNull(upstream);
        upstream = null;
        long now = loop.now();
        settleClientWait(now);
        if (failure == Outcome.CONNECTION_RESET && untouched && connection.isReused() && mayReplace()) {
            replace(now);
        } else {
            exchange.onAttemptFailed(failure, Classifier.ofBrokenResponse(failure, waiting, slowedByClient), now);
        }
    }

    /**
     * A kept connection that the backend closed while it was idle says nothing about the backend. The request may go out
     * again when that cannot do anything twice (RFC 9110 section 9.2.2) and all of it is still here.
     */
    private boolean mayReplace() {
        return !replaced && exchange.isRepeatable() && !exchange.isResponseBegun();
    }

    private void replace(long now) {
        Backend same = requireNonNull(backend);
        same.connectionWasStale(now - startedNanos);
        replaced = true;
        sent = false;
        exchange.holdBody();
        connect(same, now);
    }

    // ================ ends ================

    /** Lets go of the connection, made or in the making: it is closed. */
    void drop() {
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

    /** Lets go of the connection; it is kept if little of the response is left to come. */
    void discard() {
        UpstreamConnection connection = requireNonNull(upstream);
        upstream = null;
        connection.discard(sent);
    }

    /** Returns what it means for the backend if the client leaves now. */
    Outcome outcomeIfClientLeaves(long now) {
        if (ended || headCame) {
            return Outcome.CLIENT_ABORTED;
        }
        return Classifier.ofClientGone(waiting, now - startedNanos - clientWaitNanos, config());
    }

    /** The attempt, if it has not ended, ends like this. A failure status stays, whatever becomes of its body afterwards. */
    void blame(Outcome how) {
        if (!ended && outcome != Outcome.FAILURE_STATUS) {
            outcome = how;
        }
    }

    /** Ends the attempt, if one is under way: its outcome is what it was blamed for, or what its status says. */
    void end(long now) {
        if (ended) {
            return;
        }
        ended = true;
        loop.timers().cancel(this);
        settleClientWait(now);
        waiting = Waiting.NOTHING;
        Backend asked = requireNonNull(backend);
        long latencyNanos = headCame ? headLatencyNanos : now - startedNanos - clientWaitNanos;
        if (outcome != Outcome.FAILURE_STATUS) { // which was known with the head
            asked.outcomeKnown(outcome, latencyNanos, now);
        }
        if (outcome.verdict() == Verdict.IGNORED) {
            permit().release(now);
        } else {
            permit().record(outcome, latencyNanos, now);
        }
        asked.attemptEnded(outcome, headLatencyNanos, now - startedNanos, now);
        exchange.onAttemptEnded(outcome, retry);
    }

    /** The exchange is over: nothing is referred to any more. */
    void clear() {
        backend = null;
        permit = null;
    }

    /** Whether a connection is there to send to. */
    boolean isConnected() {
        return upstream != null;
    }

    /** Who is or was asked; null if nobody was since the exchange began. */
    @Nullable
    Backend backend() {
        return backend;
    }

    /** How it ended. */
    Outcome outcome() {
        return outcome;
    }

    /** Whether it tells whether a circuit closes. */
    boolean isProbe() {
        return permit().isProbe();
    }

    /** The state that admitted it. */
    CircuitState admittedIn() {
        return permit().admittedIn();
    }

    private DownstreamConnection downstream() {
        return exchange.downstream();
    }

    private PoolConfig config() {
        return exchange.config();
    }

    private Permit permit() {
        return requireNonNull(permit);
    }
}
