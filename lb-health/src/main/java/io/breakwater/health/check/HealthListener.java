package io.breakwater.health.check;

/**
 * Told of what a checker did, after it is done and without its lock; several threads may call at the same time, so that
 * changes may come in another order than they happened ({@link HealthChange#sequence()} gives the order). Must not
 * block.
 */
@FunctionalInterface
public interface HealthListener {

    /** A listener that does nothing. */
    HealthListener NONE = change -> {};

    void onChange(HealthChange change);

    /**
     * A check ended with a result.
     *
     * @param durationNanos from its beginning to its end
     */
    default void onChecked(ProbeResult result, long durationNanos) {}

    /** A check could not be made, through no fault of the backend; it counted as nothing. */
    default void onLocalError(String detail) {}
}
