package io.breakwater.server.events;

import io.breakwater.health.BackendId;
import io.breakwater.health.check.CheckResult;
import io.breakwater.health.check.HealthChange;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.health.check.ProbeResult;

/** A change of what is known of a backend's health. */
record HealthEvent(BackendId backend, HealthChange change) {

    /** Whether somebody may want to know: a check has found it out, or an unhealthy backend comes back without one. */
    static boolean isNews(HealthChange change) {
        return change.cause() != null || change.from() == HealthStatus.UNHEALTHY;
    }

    /** Returns the line of the log: who, from, to, why, with the count. */
    @Override
    public String toString() {
        StringBuilder line = new StringBuilder("health ").append(backend).append(": ");
        ProbeResult cause = change.cause();
        if (change.from() == change.to()) {
            line.append(change.to().label()).append(", not by timeouts alone any more");
        } else {
            line.append(change.from().label()).append(" -> ").append(change.to().label());
        }
        if (cause == null) {
            return line.append(" (no checks any more)").toString();
        }
        return line.append(" (")
                .append(kind(cause.result()))
                .append(": ")
                .append(change.run())
                .append(" in a row, the last: ")
                .append(cause.detail())
                .append(')')
                .toString();
    }

    /** A row of failures may hold both kinds. */
    private String kind(CheckResult last) {
        if (last == CheckResult.PASSED) {
            return last.label();
        }
        return (change.timeoutsOnly() ? CheckResult.TIMEOUT : CheckResult.FAILED).label();
    }
}
