package io.breakwater.server.events;

import io.breakwater.health.BackendId;
import io.breakwater.health.check.CheckResult;
import io.breakwater.health.check.HealthChange;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.health.check.ProbeResult;
import java.time.Instant;

/** A change of what is known of a backend's health, with the time of day. */
public record HealthEvent(BackendId backend, Instant at, HealthChange change) implements Event {

    /** Whether somebody may want to know: a check has found it out, or an unhealthy backend comes back without one. */
    static boolean isNews(HealthChange change) {
        return change.cause() != null || change.from() == HealthStatus.UNHEALTHY;
    }

    /** Returns the line of the log: who, from, to, why, with the count. */
    @Override
    public String toString() {
        StringBuilder line = new StringBuilder("health ").append(backend).append(": ");
        if (change.from() == change.to()) {
            line.append(change.to().label()).append(", not by timeouts alone any more");
        } else {
            line.append(change.from().label()).append(" -> ").append(change.to().label());
        }
        return line.append(" (").append(detail()).append(')').toString();
    }

    /** Returns why, for people: the kind of result, how many in a row, and what the last one said. */
    public String detail() {
        ProbeResult cause = change.cause();
        return cause == null
                ? "no checks any more"
                : kind(cause.result()) + ": " + change.run() + " in a row, the last: " + cause.detail();
    }

    /** A row of failures may hold both kinds. */
    private String kind(CheckResult last) {
        if (last == CheckResult.PASSED) {
            return last.label();
        }
        return (change.timeoutsOnly() ? CheckResult.TIMEOUT : CheckResult.FAILED).label();
    }
}
