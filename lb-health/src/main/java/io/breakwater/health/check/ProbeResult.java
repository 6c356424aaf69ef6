package io.breakwater.health.check;

import static java.util.Objects.requireNonNull;

/**
 * How one check ended, and what was seen.
 *
 * @param detail a few words for people, such as {@code status 503} or {@code connection refused}
 */
public record ProbeResult(CheckResult result, String detail) {

    public ProbeResult {
        requireNonNull(result, "result");
        requireNonNull(detail, "detail");
    }

    public static ProbeResult passed(String detail) {
        return new ProbeResult(CheckResult.PASSED, detail);
    }

    public static ProbeResult failed(String detail) {
        return new ProbeResult(CheckResult.FAILED, detail);
    }

    public static ProbeResult timeout(String detail) {
        return new ProbeResult(CheckResult.TIMEOUT, detail);
    }

    @Override
    public String toString() {
        return result.label() + ": " + detail;
    }
}
