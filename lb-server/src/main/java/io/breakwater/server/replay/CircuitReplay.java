package io.breakwater.server.replay;

import static java.util.Objects.requireNonNull;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerConfig.Mode;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Permit;
import io.breakwater.health.breaker.Transition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The recorded calls of one circuit once more, through a circuit breaker in the time of the record: it is asked when a
 * call began, and told when it ended. What it refuses it is not told of. NOT thread safe; used once.
 */
final class CircuitReplay {
    private final CircuitBreaker breaker;
    private final List<Transition> transitions = new ArrayList<>();
    private final PriorityQueue<UnderWay> underWay = new PriorityQueue<>(UnderWay.BY_END);
    private final Tally tally;
    private long now;

    /** A call that was admitted; {@code number} keeps those that end together in the order in which they began. */
    private record UnderWay(Call call, Permit permit, long number) {
        static final Comparator<UnderWay> BY_END = Comparator.comparingLong((UnderWay each) -> each.call.endNanos())
                .thenComparingLong(UnderWay::number);
    }

    private CircuitReplay(BreakerConfig config, Tally tally, long startNanos) {
        this.tally = tally;
        this.now = startNanos;
        this.breaker = new CircuitBreaker(config, () -> now, transitions::add);
    }

    /**
     * Replays calls that are in the order of their starts.
     *
     * @param slowNanos what takes longer is slow
     */
    static Replayed run(List<Call> calls, BreakerConfig config, long slowNanos) {
        Tally tally = new Tally(slowNanos);
        CircuitReplay replay = new CircuitReplay(
                repeatable(config), tally, calls.isEmpty() ? 0 : calls.get(0).startNanos());
        replay.run(calls);
        replay.transitions.sort(Comparator.comparingLong(Transition::generation));
        return new Replayed(List.copyOf(replay.transitions), tally);
    }

    /** A breaker that only observes refuses nothing, and jitter would give each replay another result. */
    private static BreakerConfig repeatable(BreakerConfig config) {
        return new BreakerConfig(
                config.enabled(),
                Mode.ENFORCE,
                config.consecutiveFailures(),
                config.window(),
                config.cooldown(),
                config.cooldownMultiplier(),
                config.cooldownMax(),
                0,
                config.concurrentProbes(),
                config.successesToClose(),
                config.probeTimeout());
    }

    private void run(List<Call> calls) {
        long number = 0;
        for (Call call : calls) {
            endThose(call.startNanos());
            now = call.startNanos();
            Permit permit = breaker.tryAcquire(now);
            tally.add(call, permit == null);
            if (permit != null) {
                underWay.add(new UnderWay(call, permit, number++));
            }
        }
        endThose(Long.MAX_VALUE);
    }

    /** Ends the calls that were over by then. */
    private void endThose(long byNanos) {
        for (@Nullable UnderWay next = underWay.peek();
                next != null && next.call.endNanos() <= byNanos;
                next = underWay.peek()) {
            UnderWay ended = requireNonNull(underWay.poll());
            now = ended.call.endNanos();
            if (ended.call.failed() || ended.call.succeeded()) {
                ended.permit.record(ended.call.outcome(), ended.call.nanos(), now);
            } else {
                ended.permit.release(now);
            }
        }
    }

    /**
     * What came of it.
     *
     * @param transitions in their order
     */
    record Replayed(List<Transition> transitions, Tally tally) {

        long trips() {
            return transitions.stream()
                    .filter(each -> each.from() == CircuitState.CLOSED && each.to() == CircuitState.OPEN)
                    .count();
        }

        /** Whether the circuit was closed all the time from {@code from} to {@code to}. */
        boolean staysClosed(long from, long to) {
            CircuitState state = CircuitState.CLOSED;
            for (Transition each : transitions) {
                if (each.atNanos() > to) {
                    break;
                }
                if (each.atNanos() >= from && (state != CircuitState.CLOSED || each.to() != CircuitState.CLOSED)) {
                    return false;
                }
                state = each.to();
            }
            return state == CircuitState.CLOSED;
        }
    }

    /** Counts calls by how they ended and whether they would have been refused. */
    static final class Tally {
        private final long slowNanos;
        private long calls;
        private long failures;
        private long rejectedFailed;
        private long rejectedSlow;
        private long rejectedQuick;
        private long rejectedIgnored;
        private long savedNanos;

        Tally(long slowNanos) {
            this.slowNanos = slowNanos;
        }

        private void add(Call call, boolean rejected) {
            calls++;
            if (call.failed()) {
                failures++;
            }
            if (!rejected) {
                return;
            }
            if (call.failed()) {
                rejectedFailed++;
                savedNanos += call.nanos();
            } else if (!call.succeeded()) {
                rejectedIgnored++;
            } else if (call.nanos() > slowNanos) {
                rejectedSlow++;
            } else {
                rejectedQuick++;
            }
        }

        void add(Tally other) {
            calls += other.calls;
            failures += other.failures;
            rejectedFailed += other.rejectedFailed;
            rejectedSlow += other.rejectedSlow;
            rejectedQuick += other.rejectedQuick;
            rejectedIgnored += other.rejectedIgnored;
            savedNanos += other.savedNanos;
        }

        long calls() {
            return calls;
        }

        long failures() {
            return failures;
        }

        long rejected() {
            return rejectedFailed + rejectedSlow + rejectedQuick + rejectedIgnored;
        }

        long rejectedFailed() {
            return rejectedFailed;
        }

        long rejectedSucceeded() {
            return rejectedSlow + rejectedQuick;
        }

        long rejectedSlow() {
            return rejectedSlow;
        }

        long rejectedQuick() {
            return rejectedQuick;
        }

        /** Those that said nothing about the backend, since their client left, for one. */
        long rejectedIgnored() {
            return rejectedIgnored;
        }

        /** The time that the calls took that would have been refused and failed. */
        long savedNanos() {
            return savedNanos;
        }
    }
}
