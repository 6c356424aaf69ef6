package io.breakwater.health.check;

/**
 * The counting behind a status: {@code rise} checks passed in a row make a backend healthy, {@code fall} failed ones
 * make it unhealthy, and each result ends the row of the opposite kind. NOT thread safe.
 */
final class RiseAndFall {
    private HealthStatus status = HealthStatus.UNCHECKED;
    private int passes;
    private int failures;
    /** Of the present row of failures, and once the backend is unhealthy of all failures since that row began. */
    private boolean timeoutsOnly;

    HealthStatus status() {
        return status;
    }

    int passes() {
        return passes;
    }

    int failures() {
        return failures;
    }

    boolean timeoutsOnly() {
        return status == HealthStatus.UNHEALTHY && timeoutsOnly;
    }

    /** Begins anew, with nothing counted. */
    void restart(HealthStatus as, boolean onlyTimeouts) {
        status = as;
        timeoutsOnly = onlyTimeouts;
        forgetRow();
    }

    /** What is counted from now on cannot be added to what was counted before. */
    void forgetRow() {
        passes = 0;
        failures = 0;
    }

    void record(CheckResult result, HealthCheckConfig config) {
        if (result == CheckResult.PASSED) {
            passes++;
            failures = 0;
            if (status != HealthStatus.HEALTHY && passes >= config.rise()) {
                status = HealthStatus.HEALTHY;
            }
        } else {
            passes = 0;
            failures++;
            boolean timeout = result == CheckResult.TIMEOUT;
            boolean rowBegins = failures == 1 && status != HealthStatus.UNHEALTHY;
            timeoutsOnly = timeout && (rowBegins || timeoutsOnly);
            if (failures >= config.fall()) {
                status = HealthStatus.UNHEALTHY;
            }
        }
    }
}
