package io.breakwater.health.breaker;

import io.breakwater.health.Outcome;
import io.breakwater.health.Outcome.Verdict;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.core.IntervalFunction;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One random sequence of events on both breakers. After each event it compares what can be seen: the state, why the
 * circuit opened, and what is in the window of a closed one; and on each request whether it is admitted. Where the two
 * mean different things it leaves out a step, and goes on if ours must be as if that step had not been, else it ends.
 */
final class OracleCase {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final int MOST_AT_A_TIME = 6;

    /** A request that both have admitted, in the {@code era}th state since the start. */
    private record Call(Permit permit, int era, State admittedIn) {}

    private final Random random;
    private final OracleSettings settings;
    private final IntervalFunction cooldowns;
    private final boolean fullSeconds;
    private final boolean byHand;
    private final OraclePair pair;
    private final List<Call> underWay = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private final Map<Difference, Integer> steps = new EnumMap<>(Difference.class);

    private int comparisons;
    private @Nullable Difference endedBy;
    private double failing;
    private double slowing;

    /** What resilience4j was after the last event; each change of it, and each push by hand, begins an era. */
    private State before = State.CLOSED;

    private int era;
    private int cooldownsInARow;
    private long openedNanos;
    private long closedNanos;
    private long closedSecond;
    private int failuresInARow;

    OracleCase(OracleSettings settings, Random random, String name) {
        this.random = random;
        this.settings = settings;
        this.cooldowns = settings.cooldowns();
        this.fullSeconds = settings.count || random.nextInt(50) > 0;
        this.byHand = random.nextInt(6) == 0;
        long origin = switch (random.nextInt(3)) {
            case 0 -> Long.MAX_VALUE - random.nextLong(100 * SECOND);
            case 1 -> -random.nextLong(100 * SECOND);
            default -> random.nextLong();
        };
        long epochNanos = random.nextInt(1_000_000_000) * SECOND + (fullSeconds ? 0 : random.nextLong(SECOND));
        this.pair = new OraclePair(settings, origin, epochNanos);
        this.closedSecond = pair.epochSecond();
        log.add(name + ", origin " + origin + ", epoch " + epochNanos + ", " + settings);
    }

    OracleCase run() {
        int events = 40 + random.nextInt(120);
        for (int i = 0; i < events && endedBy == null; i++) {
            if (i % 30 == 0) {
                failing = random.nextDouble() * random.nextDouble();
                slowing = random.nextInt(3) == 0 ? random.nextDouble() : random.nextDouble() / 20;
            }
            event();
            if (endedBy == null) {
                compare();
            }
        }
        return this;
    }

    /** How often the two were compared: once for each event. */
    int comparisons() {
        return comparisons;
    }

    /** Steps that only one of them made, or made otherwise, by why. */
    Map<Difference, Integer> steps() {
        return steps;
    }

    /** Why the rest of the case was not compared; null if all of it was. */
    @Nullable
    Difference endedBy() {
        return endedBy;
    }

    private void event() {
        int kind = random.nextInt(1_000);
        if (byHand && kind < 10) {
            pushByHand();
        } else if (kind < 250) {
            passTime();
        } else if (underWay.isEmpty() || (kind < 650 && underWay.size() < MOST_AT_A_TIME)) {
            acquire();
        } else {
            end(underWay.remove(random.nextInt(underWay.size())));
        }
    }

    private void passTime() {
        long edge = random.nextInt(3) - 1L;
        long nanos = switch (random.nextInt(6)) {
            case 0 -> random.nextLong(300_000_000);
            case 1 -> SECOND - pair.nanosOfSecond() + edge;
            case 2 -> settings.size * SECOND + edge;
            case 3 -> random.nextLong(4 * SECOND);
            default ->
                pair.theirs.getState() == State.OPEN
                        ? openedNanos + cooldownNanos() - pair.elapsedNanos() + edge
                        : random.nextLong(SECOND);
        };
        advance(Math.max(0, nanos));
    }

    private void advance(long nanos) {
        pair.advance(nanos);
        log.add("+" + nanos + " ns");
        endIfClocksPart();
    }

    /** Two things happen with time alone that resilience4j does not know, or counts from elsewhere. */
    private void endIfClocksPart() {
        if (settings.hasShortLease()
                && pair.ours.snapshot(pair.now()).reason() == Transition.Reason.PROBE_EXPIRED
                && pair.theirs.getState() == State.HALF_OPEN) {
            endedBy = Difference.PROBE_LEASE;
        } else if (!settings.count
                && pair.theirs.getState() == State.CLOSED
                && (pair.elapsedNanos() - closedNanos) / SECOND != pair.epochSecond() - closedSecond) {
            same("in step with the seconds", fullSeconds, false);
            endedBy = Difference.SECONDS_OF_THE_WINDOW;
        }
    }

    private void acquire() {
        State state = pair.theirs.getState();
        if (state == State.OPEN && sinceOpenedNanos() == cooldownNanos()) {
            leaveOut(Difference.AT_DEADLINE);
        }
        boolean admitted = state == State.OPEN ? pair.theirsAdmitsNextNano() : pair.theirsAdmits();
        Permit permit = pair.ours.tryAcquire(pair.now());
        log.add(admitted ? "admitted" : "refused");
        same("admitted", permit != null, admitted);
        followTheirs();
        if (permit != null) {
            underWay.add(new Call(permit, era, pair.theirs.getState()));
        }
    }

    private void end(Call call) {
        Outcome outcome = randomOutcome();
        Verdict verdict = outcome.verdict();
        State state = pair.theirs.getState();
        boolean late = call.era != era;
        if (!late && state == State.HALF_OPEN && verdict != Verdict.IGNORED && !settings.firstProbeDecides()) {
            endedBy = Difference.PROBES_VERDICT;
            return;
        }
        if (!late && state == State.HALF_OPEN && verdict == Verdict.SUCCESS && !alignToSecond()) {
            return;
        }
        long latency = randomLatency();
        log.add(call.admittedIn + " call of era " + call.era + " ends: " + outcome + " after " + latency + " ns");
        pair.end(call.permit, outcome, latency);
        if (late) {
            leaveOut(Difference.LATE_RESULT);
        } else {
            pair.endTheirs(verdict, latency);
        }
        if (!late && verdict != Verdict.IGNORED) {
            failuresInARow = verdict == Verdict.FAILURE ? failuresInARow + 1 : 0;
        }
        if (random.nextInt(100) == 0) {
            Outcome again = randomOutcome();
            log.add("and again: " + again);
            pair.end(call.permit, again, randomLatency());
            leaveOut(Difference.SECOND_END);
        }
        followTheirs();
    }

    private Outcome randomOutcome() {
        if (random.nextInt(15) == 0) {
            return random.nextBoolean() ? Outcome.CLIENT_ABORTED : Outcome.LOCAL_ERROR;
        }
        return random.nextDouble() < failing ? Outcome.RESPONSE_TIMEOUT : Outcome.SUCCESS;
    }

    private long randomLatency() {
        long threshold = settings.slowCallDuration.toNanos();
        if (random.nextDouble() < slowing) {
            return threshold + 1 + random.nextInt(3);
        }
        return random.nextBoolean() ? threshold : random.nextLong(threshold);
    }

    private void pushByHand() {
        if (random.nextBoolean()) {
            log.add("trip");
            pair.ours.trip(pair.now());
            pair.theirs.transitionToForcedOpenState();
        } else if (alignToSecond()) {
            reset();
        }
        era++;
        before = pair.theirs.getState();
    }

    private void reset() {
        log.add("reset");
        pair.ours.reset(pair.now());
        pair.theirs.reset();
        enterClosed();
    }

    /**
     * Lets a window of seconds begin where resilience4j's clock begins one, if this case is to have it so; returns
     * whether the case goes on.
     */
    private boolean alignToSecond() {
        if (!settings.count && fullSeconds && pair.nanosOfSecond() > 0) {
            advance(SECOND - pair.nanosOfSecond());
        }
        return endedBy == null;
    }

    private void leaveOut(Difference difference) {
        steps.merge(difference, 1, Integer::sum);
        log.add("left out: " + difference);
    }

    /** Keeps what must be known of resilience4j's past and cannot be asked of it. */
    private void followTheirs() {
        State after = pair.theirs.getState();
        if (after == before) {
            return;
        }
        era++;
        log.add(before + " -> " + after);
        if (after == State.OPEN) {
            cooldownsInARow++;
            openedNanos = pair.elapsedNanos();
        } else if (after == State.CLOSED && settings.hasGrowingCooldown()) {
            // To resilience4j that is the end of the row of cooldowns, and to ours a reset is.
            leaveOut(Difference.COOLDOWN_GROWTH);
            reset();
        } else if (after == State.CLOSED) {
            enterClosed();
        }
        before = after;
    }

    private void enterClosed() {
        cooldownsInARow = 0;
        failuresInARow = 0;
        closedNanos = pair.elapsedNanos();
        closedSecond = pair.epochSecond();
        pair.forgetExceeded();
    }

    private long sinceOpenedNanos() {
        return pair.elapsedNanos() - openedNanos;
    }

    private long cooldownNanos() {
        return TimeUnit.MILLISECONDS.toNanos(cooldowns.apply(cooldownsInARow));
    }

    private void compare() {
        CircuitState state = pair.oursState();
        State theirs = pair.theirs.getState();
        if (theirs == State.CLOSED && state == CircuitState.OPEN && tooManyInARow()) {
            endedBy = Difference.CONSECUTIVE_FAILURES;
            return;
        }
        comparisons++;
        same("state", state, expected(theirs));
        if (theirs == State.CLOSED) {
            same("window", pair.oursFigures(), pair.theirsFigures());
        } else if (theirs == State.OPEN && !pair.transitions.isEmpty()) {
            compareReason(pair.transitions.get(pair.transitions.size() - 1).reason());
        }
    }

    private boolean tooManyInARow() {
        return settings.consecutiveFailures > 0 && failuresInARow >= settings.consecutiveFailures;
    }

    private CircuitState expected(State theirs) {
        return switch (theirs) {
            case CLOSED -> CircuitState.CLOSED;
            case HALF_OPEN -> CircuitState.HALF_OPEN;
            case FORCED_OPEN -> CircuitState.OPEN;
            case OPEN -> {
                if (sinceOpenedNanos() < cooldownNanos()) {
                    yield CircuitState.OPEN;
                }
                leaveOut(Difference.COOLDOWN_ELAPSED);
                yield CircuitState.HALF_OPEN;
            }
            default -> throw new AssertionError(theirs);
        };
    }

    private void compareReason(Transition.Reason reason) {
        if (cooldownsInARow == 1 && reason != Transition.Reason.CONSECUTIVE_FAILURES) {
            same(reason + " named by theirs", true, pair.theirsExceeded(reason));
        }
    }

    private void same(String what, Object ours, Object theirs) {
        if (!ours.equals(theirs)) {
            throw new AssertionError("%s: ours %s, theirs %s after%n%s"
                    .formatted(what, ours, theirs, String.join(System.lineSeparator(), log)));
        }
    }
}
