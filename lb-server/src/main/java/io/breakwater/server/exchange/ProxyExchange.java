package io.breakwater.server.exchange;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.FallbackType;
import io.breakwater.metrics.RejectionReason;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.server.accesslog.LoopLog;
import io.breakwater.server.config.FallbackConfig.On;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.config.PoolConfig.BackendErrors;
import io.breakwater.server.config.PoolConfig.HostHeader;
import io.breakwater.server.config.PoolTimeouts;
import io.breakwater.server.config.RetriesConfig;
import io.breakwater.server.connection.UpstreamConnection;
import io.breakwater.server.exchange.Routing.Destination;
import io.breakwater.server.fallback.StaleCopy;
import io.breakwater.server.fallback.StaleResponses;
import io.breakwater.server.fallback.queue.Receipt;
import io.breakwater.server.http.BodyFraming;
import io.breakwater.server.http.Reply;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.http.ResponseHead;
import io.breakwater.server.http.StoredResponse;
import io.breakwater.server.listener.DownstreamConnection;
import io.breakwater.server.listener.Exchange;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.Refusal;
import io.breakwater.server.pool.Selection;
import io.breakwater.server.route.Route;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.trace.RequestIds;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response: a loop over attempts under one deadline. What one attempt does stands in {@link Attempt},
 * the way of the response in {@link ResponseRelay}; this is what lies around them: who is asked, what happens after an
 * attempt that failed, and what the client gets. Lent to a downstream connection for one request after the other by
 * {@link Exchanges}, and confined to one event loop.
 *
 * <p>Everything that can end an exchange ends in {@link #end}, the only place that tells the route's recorder. From there on it
 * may serve another connection.
 */
final class ProxyExchange implements Exchange {
    private static final int HEAD_ROOM_BYTES = 640;
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** What fills the memory are peers that do not read; they are waited for much longer, but some may go at once. */
    private static final long RETRY_WITHOUT_MEMORY_SECONDS = 1;

    private static final byte[] NO_BYTES = {};
    private static final byte[] IDEMPOTENCY_KEY = "idempotency-key".getBytes(US_ASCII);
    private static final String JSON = "application/json";
    /** Methods that ask for nothing to be done, so that there is nothing to be done later. */
    private static final Set<String> NEVER_QUEUED = Set.of("GET", "HEAD", "OPTIONS", "TRACE");

    private final ExchangeContext context;
    private final Exchanges.Spare home;
    private final Loop loop;
    private final Selection ownSelection = new Selection();
    private final QueuedTurn turn;
    private final Attempt attempt;
    private final KeptBody kept = new KeptBody();
    private final ResponseRelay relay;
    private final Fallbacks fallbacks;
    private final StoredRelay stored;
    private final Storing storing;
    private final RequestIds ids;

    // ---- the request ----
    /** Whose it is; null while there is none. */
    private @Nullable DownstreamConnection downstream;

    private @Nullable RequestHead request;
    private @Nullable Route<Destination> route;
    /** The page that it asks for; null for none. */
    private @Nullable QueuePage page;

    private RouteRecorder recorder;
    private long startedNanos;
    private long requestDeadlineNanos;
    /** All of the request has come. */
    private boolean requestEnded;
    /** The client has begun to send its body. */
    private boolean bodyBegun;
    /** The client was told to send its body. */
    private boolean continued;
    /** How long the client has been waited for, for its body. */
    private long bodyWaitNanos;

    // ---- its attempts ----
    /** Where it goes: what its route leads to, or a fallback's pool in place of that. */
    private @Nullable Destination destination;
    /** The answer of the pool that it goes to. */
    private Selection selection = ownSelection;
    /** The answer of a fallback's pool; made when there is one to ask. */
    private @Nullable Selection otherSelection;

    private int retries;
    /** A connection to a backend was written to: from then on only what may be done twice is tried again. */
    private boolean written;
    /** The last look for another backend found only such as have no slot free. */
    private boolean othersFull;
    /** What the client gets if the wait for another backend's slot is in vain; null while it waits for its first one. */
    private @Nullable Reply failed;

    /** What the client was answered; 0 when it left. */
    private int status;
    /** The fallback that answered it; null where none did. */
    private @Nullable FallbackType answeredBy;
    /** The response that is on its way, as it is kept for later; null where it is not. */
    private @Nullable StaleCopy copy;

    // ---- for the access log ----
    /** In all pools that it went to. */
    private int attempts;
    /** The state that the response tells; null while there is none. */
    private @Nullable CircuitState stateShown;

    private @Nullable RejectionReason rejection;
    private long bytesIn;
    private long bytesOut;

    /** @param home where it goes when it has ended */
    ProxyExchange(ExchangeContext context, Exchanges.Spare home, Loop loop) {
        this.context = context;
        this.home = home;
        this.loop = loop;
        this.recorder = context.unmatched();
        this.relay = new ResponseRelay(this);
        this.attempt = new Attempt(this, loop, context.connections());
        this.turn = new QueuedTurn(this, loop);
        this.fallbacks = new Fallbacks(this);
        this.stored = new StoredRelay(this);
        this.storing = new Storing(this, loop);
        this.ids = new RequestIds(context.ids());
    }

    /** The next request is that of this connection. */
    void serve(DownstreamConnection connection) {
        downstream = connection;
    }

    // ================ the request comes ================

    @Override
    public void onRequest(RequestHead head, boolean tooLarge, long now) {
        request = head;
        ids.begin(head, downstream().ids());
        startedNanos = now;
        status = 0;
        answeredBy = null;
        stateShown = null;
        rejection = null;
        attempts = 0;
        bytesIn = 0;
        bytesOut = 0;
        relay.reset();
        Routing routing = context.routing().get();
        CharSequence path = head.path();
        if (isHealthPath(path)) {
            answerHealth(routing, head, now);
            return;
        }
        QueuePage asked = routing.queuePage(path);
        if (asked != null) {
            page = asked;
            answerStatus(routing, asked, head, now);
            return;
        }
        Route<Destination> found = routing.table().match(head.method(), head.host(), path);
        if (found == null || head.endsHere()) {
            answerWithoutBackend(routing, head, found == null ? routing.table().allow(head.host(), path) : null, now);
            return;
        }
        route = found;
        destination = found.pool();
        recorder = found.pool().recorder();
        recorder.started();
        if (tooLarge) {
            downstream().serveNoMore();
            refuse(Reply.CONTENT_TOO_LARGE, pool().bestState(now), 0, null, null);
            return;
        }
        if (context.memory().isShort()) {
            CircuitState state = pool().bestState(now);
            refuse(Reply.OVERLOADED, state, RETRY_WITHOUT_MEMORY_SECONDS, null, null, withoutMemory());
            return;
        }
        begin(head, found.pool(), now);
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
        String health = downstream().config().healthPath();
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

    /** Says what became of a queued request. */
    private void answerStatus(Routing routing, QueuePage asked, RequestHead head, long now) {
        recorder = asked.recorder();
        recorder.started();
        CircuitState state = routing.bestState(now);
        if (!head.method().equals("GET") && !head.isHead()) {
            refuse(Reply.METHOD_NOT_ALLOWED, state, 0, null, "GET, HEAD");
            return;
        }
        byte[] found = asked.status(head.path());
        if (found == null) {
            refuse(Reply.NO_SUCH_REQUEST, state, 0, null, null);
        } else {
            give(StoredResponse.own(200, Map.of("Cache-Control", "no-store"), JSON, found), null, null, null, state);
        }
    }

    /** Answers 200 with a body of our own and ends the exchange. */
    private void answer(Routing routing, RequestHead head, String contentType, byte[] body, long now) {
        boolean keepAfter = downstream().canKeep();
        CircuitState state = routing.bestState(now);
        ByteBuf answer = downstream().alloc().buffer(512);
        Reply.writeContent(
                answer,
                downstream().fields(),
                state,
                200,
                contentType,
                body,
                downstream().connectionField(keepAfter),
                head.isHead());
        downstream().write(answer);
        status = 200;
        stateShown = state;
        bytesOut = head.isHead() ? 0 : body.length;
        end(loop.now()).finish(keepAfter);
    }

    // ================ who is asked ================

    private void begin(RequestHead head, Destination to, long now) {
        requestDeadlineNanos = now + to.timeouts().request().toNanos();
        requestEnded = head.framing() == BodyFraming.NONE;
        bodyBegun = false;
        continued = false;
        bodyWaitNanos = 0;
        written = false;
        fallbacks.begin(to.fallbacks());
        if (isTaken(to, ownSelection, now)) {
            go(to, ownSelection, now);
        } else {
            selection = ownSelection;
            refuseUnserved(now);
        }
    }

    /** Asks a pool for a backend; the answer is in {@code asked}. True also for a place in its line, without a backend. */
    private boolean isTaken(Destination by, Selection asked, long now) {
        RequestHead head = request();
        BackendPool pool = by.pool();
        RetriesConfig rules = pool.config().retries();
        if (rules.max() > 0) {
            pool.traffic().retryBudget().requestStarted(now);
        }
        if (!bodyBegun) {
            kept.begin(keptBytes(rules));
        }
        asked.request(by.hash().of(head, downstream()), isReplayable(rules, 0));
        // Who waits already comes first. A request that finds the line full asks nevertheless: for the reason, at
        // least.
        if (!pool.traffic().line().isEmpty() && waitsInLine(pool, now)) {
            return true;
        }
        pool.select(asked, now);
        return asked.backend() != null || (asked.refusal() == Refusal.OVERLOADED && waitsInLine(pool, now));
    }

    /** Goes to the pool that has taken the request. */
    private void go(Destination to, Selection answer, long now) {
        destination = to;
        selection = answer;
        retries = 0;
        failed = null;
        if (answer.backend() != null) {
            attempt(false, now);
        }
    }

    /** Asks the backend that was selected. */
    private void attempt(boolean again, long now) {
        attempts++;
        attempt.begin(selection, again, now);
    }

    /**
     * The most that is kept of the body while it goes to a pool; 0 if it is too long, or may not be sent twice. A kept
     * connection may turn out to be stale also where nothing is retried.
     */
    private long keptBytes(RetriesConfig rules) {
        long most = request().isIdempotent() ? rules.bodyBufferBytes() : 0;
        FallbackChain ownChain = requireNonNull(route).pool().fallbacks();
        if (ownChain != null && ownChain.queueBytes() > most && mayBeQueuedAgain()) {
            most = ownChain.queueBytes();
        }
        return atMost(most);
    }

    /** The length that is announced if it is not more than this, else 0; if none is, this. */
    private long atMost(long most) {
        RequestHead head = request();
        if (head.framing() != BodyFraming.LENGTH) {
            return most;
        }
        return head.contentLength() > most ? 0 : head.contentLength();
    }

    private boolean selects(long now) {
        pool().select(selection, now);
        return selection.backend() != null;
    }

    private boolean waitsInLine(BackendPool of, long now) {
        long deadline = now + of.config().concurrency().queueTimeout().toNanos();
        return turn.take(of.traffic().line(), requestDeadlineNanos - deadline < 0 ? requestDeadlineNanos : deadline);
    }

    /** We waited in line, and a slot may be free. */
    void onTurn(long now) {
        boolean again = failed != null;
        if (selects(now)) {
            turn.leave();
            if (again) {
                failed = null;
                retries++;
            }
            attempt(again, now);
        } else if (selection.refusal() == Refusal.OVERLOADED) {
            turn.back(again || selection.isChoosy(pool()));
        } else {
            turn.leave();
            if (again) {
                refuseFailed(now);
            } else {
                refuseUnserved(now);
            }
        }
    }

    /** We waited in line for too long. */
    void onTurnTooLate(long now) {
        if (failed != null) {
            refuseFailed(now);
        } else {
            unserved(On.UNAVAILABLE, Reply.OVERLOADED, pool().bestState(now), 0, now);
        }
    }

    /** No other backend had a slot in time: says what the last attempt came to. */
    private void refuseFailed(long now) {
        Reply reply = requireNonNull(failed);
        failed = null;
        unserved(On.FAILURE, reply, attempt.admittedIn(), 0, now);
    }

    /** Nobody may serve: says why. */
    private void refuseUnserved(long now) {
        CircuitState state = selection.refusedState();
        switch (selection.refusal()) {
            case OVERLOADED -> unserved(On.UNAVAILABLE, Reply.OVERLOADED, state, 0, now);
            case CIRCUIT_OPEN -> unserved(On.UNAVAILABLE, Reply.CIRCUIT_OPEN, state, retryAfterSeconds(state), now);
            case UNHEALTHY -> unserved(On.UNAVAILABLE, Reply.NO_HEALTHY_BACKEND, state, 0, now);
            case UNAVAILABLE -> unserved(On.UNAVAILABLE, Reply.NO_BACKEND, state, 0, now);
            case TRIED -> throw new IllegalStateException("nobody was tried");
        }
    }

    /** The pool that the request went to does not answer it: a fallback does, or the client is told. */
    private void unserved(On why, Reply reply, CircuitState state, long retryAfterSeconds, long now) {
        if (!fallbacks.areFor(why)) {
            tell(reply, state, retryAfterSeconds, now);
            return;
        }
        fallbacks.failed(why, reply, state, retryAfterSeconds, now);
        answerOrTell(now);
    }

    /** The next fallback that can answers; if there is none, the client is told. */
    private void answerOrTell(long now) {
        if (fallbacks.find(now)) {
            fallbacks.answer(now);
        } else {
            tell(fallbacks.error(), fallbacks.state(), fallbacks.retryAfterSeconds(), fallbacks.failedNanos());
        }
    }

    /**
     * Tells the client that no backend answers.
     *
     * @param decidedNanos when that was decided
     */
    private void tell(Reply reply, CircuitState state, long retryAfterSeconds, long decidedNanos) {
        if (reply == Reply.CIRCUIT_OPEN) {
            // Of another pool's circuits a client is not told.
            requireNonNull(route).pool().pool().refused(ownSelection);
        }
        refuse(reply, state, retryAfterSeconds, null, null, reason(reply, decidedNanos));
    }

    /** Why no backend answers, for the field that tells it; null where there is none. */
    private @Nullable String reason(Reply error, long decidedNanos) {
        if (downstream().config().reasonHeader() == null) {
            return null;
        }
        Backend asked = attempt.backend();
        return asked != null && error.rejection() == null
                ? ReasonText.failed(attempt.outcome(), asked.id(), attempts)
                : ReasonText.refused(error, requireNonNull(route).pool().pool(), decidedNanos);
    }

    private @Nullable String withoutMemory() {
        return downstream().config().reasonHeader() == null ? null : ReasonText.WITHOUT_MEMORY;
    }

    private long retryAfterSeconds(CircuitState state) {
        return state == CircuitState.OPEN ? CircuitBreaker.retryAfterSeconds(selection.retryAfterNanos()) : 0;
    }

    // ================ fallbacks ================

    /**
     * Asks a fallback's pool for a backend, if the request may go there: it goes out for the first time or may be done
     * twice, and there is time left. The present attempt may still hold a response.
     */
    boolean isTakenElsewhere(Destination other, long now) {
        boolean sendable = written ? isRepeatable() : kept.isWhole();
        if (!sendable || now - requestDeadlineNanos >= 0) {
            return false;
        }
        Selection asked = otherSelection;
        if (asked == null) {
            asked = new Selection();
            otherSelection = asked;
        }
        return isTaken(other, asked, now);
    }

    /** Goes to the fallback's pool that has taken the request. */
    void goElsewhere(Destination other, long now) {
        holdBody();
        go(other, requireNonNull(otherSelection), now);
    }

    private boolean isElsewhere() {
        return selection != ownSelection;
    }

    /**
     * Whether the request may wait in a queue: it asks for something to be done, its body is not known to be too long, and
     * either no backend has seen it or it may be done twice. The present attempt may still hold a response.
     */
    boolean isQueueable(Fallback.Queue into) {
        RequestHead head = request();
        return !NEVER_QUEUED.contains(head.method())
                && head.contentLength() <= into.maxEntryBytes()
                && kept.isWhole()
                && (!written || mayBeQueuedAgain());
    }

    /**
     * Whether a backend that may have done it already can be asked again later: by its method (RFC 9110 section 9.2.2), or
     * because the client has made sure of it by a key.
     */
    private boolean mayBeQueuedAgain() {
        CharSequence key = request().isIdempotent() ? null : request().value(IDEMPOTENCY_KEY);
        return request().isIdempotent() || (key != null && key.length() > 0);
    }

    /** Stores the request. */
    void queue(Fallback.Queue into, long now) {
        if (!bodyBegun) {
            kept.begin(atMost(into.maxEntryBytes()));
        }
        boolean asks = awaitsContinue();
        continued |= asks;
        storing.begin(into, asks, now);
    }

    /** Returns what came of the body, without its framing. */
    byte[] keptContent() {
        RequestHead head = request();
        return kept.content(head.framing(), head.contentLength());
    }

    /** The request is on the disk. */
    void onStored(Fallback.Queue into, Receipt receipt) {
        String location = QueuePage.location(into.statusPath(), receipt.id());
        String body = "{\"status\": \"queued\", \"id\": \"" + receipt.id() + "\", \"location\": \"" + location + "\"}";
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("Location", location);
        fields.put("Idempotency-Key", receipt.idempotencyKey());
        give(StoredResponse.own(202, fields, JSON, body.getBytes(US_ASCII)), null, FallbackType.QUEUE);
    }

    /** The queue is full or its disk refuses, or the body has become too long: the chain goes on. */
    void onNotStored(long now) {
        holdBody();
        answerOrTell(now);
    }

    /** Gives the client a response that a fallback has. */
    void give(StoredResponse response, @Nullable Long ageSeconds, FallbackType by) {
        answeredBy(by);
        String reason = reason(fallbacks.error(), fallbacks.failedNanos());
        give(response, ageSeconds, by, reason == null ? null : ReasonText.replacedBy(by, reason), fallbacks.state());
    }

    /**
     * Gives the client a response that is stored.
     *
     * @param ageSeconds null for one that has no age
     * @param by null if it is no fallback's
     * @param reason null if none is told
     */
    private void give(
            StoredResponse response,
            @Nullable Long ageSeconds,
            @Nullable FallbackType by,
            @Nullable String reason,
            CircuitState state) {
        status = response.status();
        stateShown = state;
        bytesOut = request().isHead() ? 0 : response.body().length;
        holdBody();
        stored.begin(response, ageSeconds, by, reason, state, request().isHead());
        giveOn();
    }

    private void giveOn() {
        if (stored.writeOn()) {
            end(loop.now()).finish(stored.keepsConnection());
        }
    }

    private void answeredBy(FallbackType by) {
        answeredBy = by;
        recorder.fellBack(by);
    }

    // ================ after an attempt that failed ================

    /** Whether the request may go out again: it may be done twice (RFC 9110 section 9.2.2), and all that came is here. */
    boolean isRepeatable() {
        return request().isIdempotent() && kept.isWhole();
    }

    /** Whether, after so many retries, a failure could still be made good by another one, as far as can be known. */
    private boolean isReplayable(RetriesConfig rules, int retriesMade) {
        return retriesMade < rules.max() && isRepeatable() && (requestEnded || isKeptWhole());
    }

    /** Whether what is still to come of the body will be kept. Of a chunked one nobody knows how long it will be. */
    private boolean isKeptWhole() {
        RequestHead head = request();
        return head.framing() == BodyFraming.LENGTH && kept.keeps(head.contentLength());
    }

    /** Whether a failure of this kind may lead to another attempt, if the budget and another backend allow it. */
    boolean mightRetry(Outcome seen, long now) {
        return RetryRules.wants(rules(), seen) && mayTryAgain(now);
    }

    /**
     * Whether a failure of this kind is to be made good: as the settings say, and where a probe failed in any case, for it is
     * we who have put the backend to the test with somebody's request.
     */
    private boolean isWorthAnother(boolean wanted, Outcome seen) {
        return wanted || (seen.verdict() == Verdict.FAILURE && attempt.isProbe());
    }

    private boolean mayTryAgain(long now) {
        return retries < rules().max()
                && retries + 1 < pool().backends().size()
                && !relay.isBegun()
                && (!written || isRepeatable())
                && now - requestDeadlineNanos < 0;
    }

    /** Finds another backend and takes its permit, within the budget; the present attempt has not ended yet. */
    private boolean findsAnother(long now) {
        if (!pool().traffic().retryBudget().tryRetry(now)) {
            pool().traffic().recorder().retryBudgetExhausted();
            return false;
        }
        if (selection.backend() != null) {
            selection.tried();
        }
        selection.replayable(isReplayable(rules(), retries + 1));
        if (selects(now)) {
            retries++;
            return true;
        }
        othersFull = selection.refusal() == Refusal.OVERLOADED;
        pool().traffic().retryBudget().giveBack(now);
        return false;
    }

    /**
     * Waits in line for another attempt, if the look for another backend has just found all of them full. The attempt
     * that failed has ended: nobody is held while we wait. The leave for the retry is kept, also if the wait is in vain.
     *
     * @param otherwise what the client gets if no slot becomes free in time
     */
    private boolean waitsToTryAgain(Reply otherwise, long now) {
        if (!othersFull || !pool().traffic().retryBudget().tryRetry(now)) {
            return false;
        }
        if (!waitsInLine(pool(), now)) {
            pool().traffic().retryBudget().giveBack(now);
            return false;
        }
        failed = otherwise;
        holdBody();
        return true;
    }

    /**
     * Gives the request to another backend, if there may be another attempt; else nothing happens.
     *
     * @param seen what went wrong
     * @param blamed how the present attempt ends
     */
    boolean takenOver(Outcome seen, Outcome blamed, long now) {
        if (!isWorthAnother(RetryRules.wants(rules(), seen), seen) || !mayTryAgain(now) || !findsAnother(now)) {
            return false;
        }
        attempt.drop();
        attempt.blame(blamed);
        attempt.end(now);
        tryAgain(now);
        return true;
    }

    private void tryAgain(long now) {
        holdBody();
        attempt(true, now);
    }

    /** The body waits until there is a connection again. */
    void holdBody() {
        if (!requestEnded) {
            downstream().pauseBody();
        }
    }

    /** The attempt failed and has let go of its connection: another one is made, or the client is told. */
    void onAttemptFailed(Outcome seen, Outcome blamed, long now) {
        othersFull = false;
        if (takenOver(seen, blamed, now)) {
            return;
        }
        attempt.blame(blamed);
        attempt.end(now);
        if (relay.isBegun()) {
            relay.writeOut();
            downstream().flush();
            end(now).abort(relay.mustResetToCut());
            return;
        }
        if (blamed.origin() == Outcome.Origin.LOCAL) {
            unserved(On.UNAVAILABLE, Reply.OVERLOADED, attempt.admittedIn(), 0, now);
            return;
        }
        boolean timeout = blamed == Outcome.RESPONSE_TIMEOUT || blamed == Outcome.CONNECT_TIMEOUT;
        boolean pass = config().backendErrors() == BackendErrors.PASS;
        Reply reply = timeout && pass ? Reply.BACKEND_TIMEOUT : Reply.BACKEND_UNAVAILABLE;
        if (waitsToTryAgain(reply, now)) {
            return;
        }
        if (blamed.origin() == Outcome.Origin.CLIENT) {
            // The backend lost patience with this client: no fallback is for that.
            tell(reply, attempt.admittedIn(), 0, now);
        } else {
            unserved(On.FAILURE, reply, attempt.admittedIn(), 0, now);
        }
    }

    /** The attempt has told its permit and its backend. */
    void onAttemptEnded(Outcome outcome, boolean retry) {
        if (retry) {
            pool().traffic().recorder().retried(relay.isBegun() && outcome.verdict() == Verdict.SUCCESS);
        }
    }

    // ================ the request goes out ================

    /** Writes the request's head and what has come of its body. */
    void writeRequest(UpstreamConnection connection, Backend backend) {
        written = true;
        RequestHead head = request();
        Route<Destination> to = requireNonNull(route);
        // HTTP/1.1, which is spoken upstream, demands a Host that an HTTP/1.0 client need not send (RFC 9112 section
        // 3.2).
        boolean ownHost = config().hostHeader() == HostHeader.BACKEND || !head.hasHost();
        byte[] host = ownHost ? backend.authority() : null;
        ByteBuf bytes = downstream().alloc().buffer(head.length() + HEAD_ROOM_BYTES);
        head.writeUpstream(bytes, downstream().forwarding(), ids, to.cutPathBytes(head.path()), to.pathPrefix(), host);
        connection.write(bytes);
        kept.writeTo(connection);
    }

    @Override
    public void onRequestBody(ByteBuf in, int length) {
        bytesIn += length;
        if (storing.isGathering()) {
            bodyBegun = true;
            kept.add(downstream().alloc(), in, length);
            storing.bodyCame(kept);
            return;
        }
        if (!attempt.isConnected()) {
            return; // the response is out already; the rest of the request is for nobody
        }
        bodyBegun = true;
        kept.add(downstream().alloc(), in, length);
        attempt.write(in, length);
    }

    @Override
    public void onRequestEnd() {
        requestEnded = true;
        if (storing.isGathering()) {
            storing.bodyEnded();
        } else {
            attempt.requestEnded();
        }
    }

    @Override
    public void onRequestReadComplete() {
        attempt.flushRequest();
    }

    @Override
    public void onRequestRefused(Reply reply, String detail) {
        clientFailed(Outcome.CLIENT_ABORTED, reply, detail.isEmpty() ? null : detail, loop.now());
    }

    /** The client does not send the rest of its body. */
    void onClientTooSlow(long now) {
        clientFailed(Outcome.CLIENT_TIMEOUT, Reply.REQUEST_TIMEOUT, null, now);
    }

    /** The rest of the request will not come, or cannot be taken. */
    private void clientFailed(Outcome how, Reply reply, @Nullable String detail, long now) {
        boolean queued = storing.isUnderWay();
        storing.stop();
        attempt.blame(how);
        attempt.drop();
        attempt.end(now);
        downstream().serveNoMore();
        if (relay.isBegun()) {
            end(now).abort(relay.mustResetToCut());
        } else {
            refuse(reply, queued ? fallbacks.state() : attempt.admittedIn(), 0, detail, null);
        }
    }

    /** The client rightly waits for a backend's word before it sends its body (RFC 9110 section 10.1.1). */
    boolean awaitsContinue() {
        return request().expectsContinue() && !continued && !bodyBegun && !relay.isBegun();
    }

    /** The client took so long for its body: the deadline is the backends', and never cuts a body that is still coming. */
    void clientWaited(long nanos) {
        requestDeadlineNanos += nanos;
        bodyWaitNanos += nanos;
    }

    /**
     * How long the client may still take for the next bytes of its body: as long as it may send nothing. Once it has been
     * waited for that long in all, also no longer than what it has sent is enough for.
     */
    long bodyPatienceNanos() {
        long idle = downstream().config().timeouts().requestBodyIdle().toNanos();
        long rate = downstream().config().limits().minBodyRate();
        if (rate == 0) {
            return idle;
        }
        long earned = (long) ((double) bytesIn / rate * SECOND_NANOS);
        return Math.min(idle, Math.max(idle, earned) - bodyWaitNanos);
    }

    // ================ the response comes ================

    /**
     * An interim response does not decide who answers: another attempt is still possible (RFC 9110 section 15.2). Its
     * backend may want to say 100 (Continue) again to a client that has gone on already, which is not passed on.
     */
    void onInterimResponse(ResponseHead head) {
        boolean repeated = head.status() == 100 && continued;
        if (request().isHttp11() && !repeated) {
            relay.interim(head);
        }
        continued |= head.status() == 100;
    }

    /** A final response head came. Its connection is let go only when another backend has been found. */
    void onResponse(ResponseHead head, Outcome outcome, long now) {
        othersFull = false;
        if (isWorthAnother(RetryRules.wants(rules(), head.status()), outcome)
                && mayTryAgain(now)
                && findsAnother(now)) {
            attempt.discard();
            attempt.end(now);
            tryAgain(now);
            return;
        }
        if (outcome.verdict() == Verdict.FAILURE && config().backendErrors() == BackendErrors.REPLACE) {
            attempt.discard();
            attempt.end(now);
            if (!waitsToTryAgain(Reply.BACKEND_UNAVAILABLE, now)) {
                unserved(On.FAILURE, Reply.BACKEND_UNAVAILABLE, attempt.admittedIn(), 0, now);
            }
            return;
        }
        if (outcome.verdict() == Verdict.FAILURE && fallbacks.areFor(On.FAILURE)) {
            fallbacks.failed(On.FAILURE, Reply.BACKEND_UNAVAILABLE, attempt.admittedIn(), 0, now);
            if (fallbacks.find(now)) {
                attempt.discard();
                attempt.end(now);
                fallbacks.answer(now);
                return;
            }
        }
        relay(head, outcome, now);
    }

    private void relay(ResponseHead head, Outcome outcome, long now) {
        kept.release();
        status = head.status();
        if (isElsewhere()) {
            answeredBy(FallbackType.POOL);
        }
        stateShown = attempt.admittedIn();
        boolean unframe = relay.begin(head, request(), attempt.admittedIn(), answeredBy);
        FallbackChain chain = destination().fallbacks();
        StaleResponses responses = chain == null ? null : chain.stale();
        if (responses != null && outcome.verdict() == Verdict.SUCCESS) {
            copy = responses.copy(
                    request(), downstream().forwarding(), head, downstream().fields(), unframe, now);
        }
        attempt.relay(unframe, now);
    }

    void onResponseBody(ByteBuf in, int length) {
        bytesOut += length;
        StaleCopy copying = copy;
        if (copying != null) {
            copying.add(in, length);
        }
        relay.body(in, length);
    }

    void flushResponse() {
        relay.writeOut();
        downstream().flush();
    }

    @Override
    public void onDownstreamWritabilityChanged() {
        if (relay.isBegun()) {
            attempt.readAsTheClientReads();
        } else if (stored.isUnderWay()) {
            giveOn();
        }
    }

    /** The response is whole, and the attempt has let go of its connection. */
    void onResponseEnd(long now) {
        StaleCopy copied = copy;
        if (copied != null) {
            copied.complete();
        }
        relay.writeOut();
        attempt.end(now);
        end(now).finish(relay.keepsConnection());
    }

    // ================ ends ================

    @Override
    public void onClientGone() {
        breakOff(attempt.outcomeIfClientLeaves(loop.now()));
    }

    @Override
    public void onShutdown() {
        breakOff(Outcome.LOCAL_ERROR);
    }

    @Override
    public void onClientStalled() {
        breakOff(Outcome.CLIENT_TIMEOUT).abort(true);
    }

    /** There is nobody to answer any more. */
    private DownstreamConnection breakOff(Outcome how) {
        long now = loop.now();
        turn.leave();
        attempt.blame(how);
        attempt.drop();
        attempt.end(now);
        status = 0;
        return end(now);
    }

    /** Answers with a response of our own that says why by itself, and ends the exchange. */
    private void refuse(
            Reply reply, CircuitState state, long retryAfterSeconds, @Nullable String detail, @Nullable String allow) {
        refuse(reply, state, retryAfterSeconds, detail, allow, null);
    }

    /** Answers with a response of our own and ends the exchange. */
    private void refuse(
            Reply reply,
            CircuitState state,
            long retryAfterSeconds,
            @Nullable String detail,
            @Nullable String allow,
            @Nullable String why) {
        RejectionReason reason = reply.rejection();
        if (reason != null) {
            recorder.rejected(reason);
        }
        status = reply.status();
        stateShown = state;
        rejection = reason;
        bytesOut = request().isHead() ? 0 : reply.bodyBytes(detail);
        end(loop.now()).reply(reply, state, retryAfterSeconds, detail, allow, why);
    }

    /**
     * Ends the exchange: the one place that tells the route's recorder and the access log, with {@link #status} or 0 for
     * a client that left. Returns whose it was.
     */
    private DownstreamConnection end(long now) {
        DownstreamConnection served = downstream();
        relay.release();
        stored.stop();
        storing.stop();
        kept.release();
        long duration = now - startedNanos;
        if (status == 0) {
            recorder.clientClosed(duration);
        } else {
            recorder.ended(status, duration, ids.trace());
        }
        if (context.accessLog().isOn()) {
            log(duration);
        }
        attempt.clear();
        fallbacks.end();
        copy = null;
        request = null;
        route = null;
        page = null;
        destination = null;
        ownSelection.clear();
        Selection other = otherSelection;
        if (other != null) {
            other.clear();
        }
        selection = ownSelection;
        recorder = context.unmatched();
        downstream = null;
        home.add(this);
        return served;
    }

    private void log(long duration) {
        LoopLog log = context.accessLog();
        Route<Destination> to = route;
        Backend asked = attempt.backend();
        log.entry()
                .request(downstream().peerHost(), request(), ids)
                .served(
                        to == null ? unrouted() : to.name(),
                        asked != null ? asked.id().pool() : to == null ? null : pool().name(),
                        asked == null ? null : asked.id().id(),
                        attempts,
                        asked == null ? null : attempt.outcome())
                .answered(status, rejection, stateShown, answeredBy)
                .took(duration, bytesIn, bytesOut);
        log.write();
    }

    private String unrouted() {
        QueuePage asked = page;
        if (asked != null) {
            return asked.route();
        }
        return recorder == context.health() ? "health" : "none";
    }

    // ================ what an attempt asks ================

    /** Whose request it is. */
    DownstreamConnection downstream() {
        return requireNonNull(downstream);
    }

    RequestHead request() {
        return requireNonNull(request);
    }

    RequestIds ids() {
        return ids;
    }

    PoolConfig config() {
        return pool().config();
    }

    /** How long the backends are waited for: the route's own, else the pool's. */
    PoolTimeouts timeouts() {
        return destination().timeouts();
    }

    boolean isRequestEnded() {
        return requestEnded;
    }

    boolean isResponseBegun() {
        return relay.isBegun();
    }

    long requestDeadlineNanos() {
        return requestDeadlineNanos;
    }

    private RetriesConfig rules() {
        return config().retries();
    }

    private BackendPool pool() {
        return destination().pool();
    }

    private Destination destination() {
        return requireNonNull(destination);
    }
}
