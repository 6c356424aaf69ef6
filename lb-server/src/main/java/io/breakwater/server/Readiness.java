package io.breakwater.server;

import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether the balancer should be sent traffic: it listens, the first checks of its backends are done, and it is not
 * draining. Once it was ready, new backends that are still to be checked do not take it back. Safe from any thread.
 */
final class Readiness implements Supplier<@Nullable String> {
    private final BooleanSupplier listening;
    private final BooleanSupplier firstChecksDone;
    private final BooleanSupplier draining;
    private volatile boolean checked;

    /**
     * @param firstChecksDone no backend waits for the result of its first health check; asked until it once says so
     */
    Readiness(BooleanSupplier listening, BooleanSupplier firstChecksDone, BooleanSupplier draining) {
        this.listening = listening;
        this.firstChecksDone = firstChecksDone;
        this.draining = draining;
    }

    /** Returns why not; null when it is ready. */
    @Override
    public @Nullable String get() {
        if (draining.getAsBoolean()) {
            return "draining";
        }
        if (!listening.getAsBoolean()) {
            return "starting";
        }
        if (!checked) {
            if (!firstChecksDone.getAsBoolean()) {
                return "first health checks";
            }
            checked = true;
        }
        return null;
    }
}
