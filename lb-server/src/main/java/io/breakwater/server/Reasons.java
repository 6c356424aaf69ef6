package io.breakwater.server;

import static java.util.Objects.requireNonNullElse;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.BreakerSnapshot;
import io.breakwater.health.breaker.CircuitBreaker;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition.Reason;
import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.health.breaker.WindowCounts;
import io.breakwater.health.check.CheckResult;
import io.breakwater.health.check.HealthSnapshot;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.admin.Explained.Candidate;
import io.breakwater.server.config.ConcurrencyConfig;
import io.breakwater.server.events.WallClock;
import io.breakwater.server.pool.AdminState;
import io.breakwater.server.pool.Backend;
import io.breakwater.server.pool.BackendPool;
import io.breakwater.server.pool.Eligibility;
import io.breakwater.server.pool.Growth;
import io.breakwater.server.pool.Replica;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts into words what the backends of a pool said to one request. The figures are read after the answers were given: under
 * load they may be a moment newer. NOT thread safe: made for one answer.
 */
final class Reasons {
    private static final double PERCENT = 100;

    private final BackendPool pool;
    private final List<Eligibility> said;
    private final boolean replayable;
    private final long now;
    /** The time of day at {@link #now}: read once, so that all times told fit each other. */
    private final Instant time;
    /** The priority whose closed circuits serve; null if none does. */
    private final @Nullable Integer inUse;

    /**
     * @param said what each backend says at {@code now}
     * @param replayable whether the request is one that could be repeated
     */
    Reasons(BackendPool pool, List<Eligibility> said, boolean replayable, WallClock clock, long now) {
        this.pool = pool;
        this.said = said;
        this.replayable = replayable;
        this.now = now;
        this.time = clock.at(now);
        this.inUse = priorityInUse();
    }

    private @Nullable Integer priorityInUse() {
        Integer least = null;
        for (int i = 0; i < said.size(); i++) {
            Backend one = pool.backends().get(i);
            int priority = one.config().priority();
            if (said.get(i).isEligible()
                    && one.breaker().servingState(now) == CircuitState.CLOSED
                    && (least == null || priority < least)) {
                least = priority;
            }
        }
        return least;
    }

    /** A sentence or more, with the time that it is about. Nulls are times that are not known. */
    private record Told(
            String text,
            @Nullable Long sinceNanos,
            @Nullable Long untilNanos) {
        private static Told timeless(String text) {
            return new Told(text, null, null);
        }

        private Told and(@Nullable Told more) {
            if (more == null) {
                return this;
            }
            return new Told(
                    text + " " + more.text,
                    sinceNanos == null ? more.sinceNanos : sinceNanos,
                    untilNanos == null ? more.untilNanos : untilNanos);
        }
    }

    /**
     * Returns the candidate of this number.
     *
     * @param health what the checks of it have found out; null if nobody knows
     * @param route that is told with it
     */
    Candidate of(int index, @Nullable HealthSnapshot health, @Nullable String route) {
        Backend backend = pool.backends().get(index);
        Eligibility code = said.get(index);
        BreakerSnapshot circuit = backend.breaker().snapshot(now);
        Told told = switch (code) {
            case ELIGIBLE, SLOW_START -> eligible(backend, circuit, health);
            case PROTECTED -> shielded(backend, circuit).and(suspected(backend.replica(), health));
            case CIRCUIT_OPEN -> open(circuit);
            case HALF_OPEN_BUSY -> busy(backend, circuit);
            case TRIPPED -> since(circuit, "An operator has opened the circuit: it stays open until it is reset.");
            case UNHEALTHY -> unhealthy(health);
            case DRAINING, DISABLED -> takenOut(backend.replica());
            case OVERLOADED -> overloaded(backend, circuit);
            case LOWER_PRIORITY -> passedOver(backend, circuit);
        };
        return new Candidate(
                backend.id().id(),
                route,
                code.isEligible(),
                code.label(),
                told.text,
                instant(told.sinceNanos),
                instant(told.untilNanos));
    }

    private @Nullable Instant instant(@Nullable Long nanos) {
        return nanos == null ? null : time.plusNanos(nanos - now);
    }

    // ================ who may serve ================

    private Told eligible(Backend backend, BreakerSnapshot circuit, @Nullable HealthSnapshot health) {
        return served(backend, circuit).and(growing(backend.growth(now))).and(suspected(backend.replica(), health));
    }

    private Told served(Backend backend, BreakerSnapshot circuit) {
        if (circuit.mode() == BreakerConfig.Mode.OBSERVE && circuit.state() != CircuitState.CLOSED) {
            String why = circuit.tripped()
                    ? "An operator has opened the circuit"
                    : circuit.state() == CircuitState.OPEN
                            ? "The circuit is open " + cause(circuit)
                            : "The circuit is half-open";
            return since(circuit, why + ", but it only observes: requests are served as if it were closed.");
        } else if (circuit.state() == CircuitState.HALF_OPEN) {
            boolean first = pool.config().retries().max() == 0
                    || inUse == null
                    || backend.breaker().isProbeOverdue(now);
            return since(
                    circuit,
                    "The circuit is half-open and has a probe to give: the next request"
                            + (first ? "" : " that can be repeated") + " is sent there before any is balanced.");
        }
        return Told.timeless(closed(backend.replica().breakerConfig(), circuit));
    }

    private static String closed(BreakerConfig rules, BreakerSnapshot circuit) {
        if (!rules.enabled()) {
            return "The circuit breaker is off.";
        }
        int row = circuit.consecutiveFailures();
        WindowCounts held = circuit.window();
        StringBuilder text = new StringBuilder("The circuit is closed");
        if (row > 0 && rules.consecutiveFailures() > 0) {
            text.append(", after ").append(inRow(row)).append("; ");
            text.append(rules.consecutiveFailures()).append(" in a row open it");
        }
        if (held != null && held.failures() + held.slowCalls() > 0) {
            text.append("; of ").append(count(held.calls(), "call")).append(" in the window ");
            text.append(held.failures()).append(" failed and ").append(held.slowCalls());
            text.append(held.slowCalls() == 1 ? " was slow" : " were slow");
        }
        return text.append('.').toString();
    }

    /** Its circuit has not opened, because too few others would be left. */
    private Told shielded(Backend backend, BreakerSnapshot circuit) {
        BreakerConfig rules = backend.replica().breakerConfig();
        WindowCounts held = circuit.window();
        int row = circuit.consecutiveFailures();
        boolean byRow = rules.consecutiveFailures() > 0 && row >= rules.consecutiveFailures();
        Double failureRate = circuit.failureRate();
        boolean byFailures =
                failureRate != null && failureRate >= rules.window().failureRate();
        String why = held == null || byRow ? inRow(row) : byFailures ? failed(held) : slow(held, rules.window());
        return Told.timeless("The circuit would have opened after " + why + ", but fewer than min-available = "
                + pool.config().minAvailable() + " backends would be left.");
    }

    private @Nullable Told growing(@Nullable Growth growth) {
        if (growth == null) {
            return null;
        }
        boolean timeIsOver = growth.grownNanos() - now <= 0;
        String rest = growth.missingSuccesses() == 0
                ? "all of it in " + seconds(growth.grownNanos() - now) + " if nothing fails"
                : "more than half after " + growth.missingSuccesses()
                        + (growth.missingSuccesses() == 1 ? " more success" : " more successes");
        return new Told(
                "It returned " + seconds(now - growth.sinceNanos()) + " ago and has " + percent(growth.share())
                        + " of its weight, " + rest + ".",
                growth.sinceNanos(),
                timeIsOver ? null : (Long) growth.grownNanos());
    }

    private static @Nullable Told suspected(Replica replica, @Nullable HealthSnapshot health) {
        return replica.isSuspect()
                ? new Told(
                        "Its health checks time out, but no other backend is healthy: it stays in rotation.",
                        health == null ? null : (Long) health.sinceNanos(),
                        null)
                : null;
    }

    // ================ who may not ================

    private Told open(BreakerSnapshot circuit) {
        return new Told(
                "The circuit is open " + cause(circuit) + "; the next probe is allowed in "
                        + seconds(circuit.remainingNanos()) + ".",
                circuit.sinceNanos(),
                now + circuit.remainingNanos());
    }

    private static Told busy(Backend backend, BreakerSnapshot circuit) {
        int probes = backend.replica().breakerConfig().concurrentProbes();
        return since(
                circuit,
                "The circuit is half-open and "
                        + (probes == 1
                                ? "the one probe that it allows at a time is under way."
                                : "the " + probes + " probes that it allows at a time are under way."));
    }

    private static Told unhealthy(@Nullable HealthSnapshot health) {
        if (health == null) {
            return Told.timeless("Its health checks have failed.");
        } else if (health.status() == HealthStatus.UNKNOWN) {
            return new Told(
                    "Its health is not known yet, and counts as unhealthy until then"
                            + " (health-check.initial = unhealthy).",
                    health.sinceNanos(),
                    null);
        }
        return new Told(checks(health), health.sinceNanos(), null);
    }

    private static String checks(HealthSnapshot health) {
        HealthSnapshot.Check last = health.last();
        if (last == null || last.result().result() == CheckResult.PASSED) {
            return "Its health checks have failed; since then " + count(health.passes(), "check")
                    + " passed, which is not enough yet.";
        }
        String what = health.failures() == 1
                ? "Its last health check has failed: "
                : health.failures() + " health checks in a row have failed, the last: ";
        return what + last.result().detail() + ".";
    }

    private static Told takenOut(Replica replica) {
        String underWay = count(replica.inFlight(), "request");
        return new Told(
                (replica.admin() == AdminState.DRAINING
                                ? "An operator drains it: it gets no new requests; "
                                : "An operator has disabled it; ")
                        + underWay
                        + (replica.inFlight() == 1 ? " is" : " are") + " under way.",
                replica.adminSinceNanos(),
                null);
    }

    private Told overloaded(Backend backend, BreakerSnapshot circuit) {
        ConcurrencyConfig rules = pool.config().concurrency();
        Replica replica = backend.replica();
        String waiting = rules.queue() == 0
                ? "requests do not wait (concurrency.queue = 0)."
                : pool.traffic().line().length() + " of " + rules.queue() + " places in the pool's line are taken.";
        boolean refuses = circuit.mode() == BreakerConfig.Mode.ENFORCE
                && !backend.breaker().admits(now);
        return Told.timeless(replica.inFlight() + " of " + replica.limit() + " slots are taken"
                + (rules.adaptive() ? " (the limit follows its latency); " : "; ") + waiting
                + (refuses ? " Its circuit would refuse too." : ""));
    }

    private Told passedOver(Backend backend, BreakerSnapshot circuit) {
        int own = backend.config().priority();
        int serving = requireNonNullElse(inUse, own);
        if (serving < own) {
            return Told.timeless("It has priority " + own + ", and backends of priority " + serving + " serve.");
        }
        Duration cooldown = backend.replica().breakerConfig().cooldown();
        return new Told(
                "The circuit is half-open and has a probe to give, but for its first " + text(cooldown)
                        + " only to a request that can be repeated" + (replayable ? "." : ", which this one cannot."),
                circuit.sinceNanos(),
                circuit.sinceNanos() + cooldown.toNanos());
    }

    // ================ words ================

    private static Told since(BreakerSnapshot circuit, String text) {
        return new Told(text, circuit.sinceNanos(), null);
    }

    /** What opened the circuit. */
    private static String cause(BreakerSnapshot circuit) {
        WindowCounts held = circuit.window();
        Reason reason = circuit.reason();
        if (held != null && reason == Reason.FAILURE_RATE) {
            return "after " + failed(held);
        } else if (held != null && reason == Reason.SLOW_CALL_RATE) {
            return "after " + held.slowCalls() + " of " + count(held.calls(), "call") + " were slow";
        } else if (reason == Reason.PROBE_FAILED) {
            return "again after a failed probe, the last of " + inRow(circuit.consecutiveFailures());
        } else if (reason == Reason.PROBE_EXPIRED) {
            return "again after a probe that waited too long for the backend";
        } else if (reason == Reason.RESTORED) {
            return "as before the restart";
        }
        return "after " + inRow(circuit.consecutiveFailures());
    }

    private static String inRow(int failures) {
        return failures == 1 ? "1 failure" : failures + " failures in a row";
    }

    private static String failed(WindowCounts held) {
        return held.failures() + " of " + count(held.calls(), "call") + " failed";
    }

    private static String slow(WindowCounts held, WindowConfig rules) {
        return held.slowCalls() + " of " + count(held.calls(), "call") + " took longer than "
                + text(rules.slowCallDuration());
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }

    private static String percent(double part) {
        return Math.round(part * PERCENT) + " %";
    }

    /** As {@code Retry-After} has it: rounded up, at least 1. */
    private static String seconds(long nanos) {
        return CircuitBreaker.retryAfterSeconds(nanos) + " s";
    }

    private static String text(Duration duration) {
        return duration.toMillisPart() == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }
}
