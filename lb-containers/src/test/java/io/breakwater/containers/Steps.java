package io.breakwater.containers;

import java.util.Locale;

/** Prints what was seen and how long after the step before. */
final class Steps {
    private long lastNanos = System.nanoTime();

    void seen(String what) {
        long now = System.nanoTime();
        System.out.printf(Locale.ROOT, "%6.1f s  %s%n", (now - lastNanos) / 1e9, what);
        lastNanos = now;
    }
}
