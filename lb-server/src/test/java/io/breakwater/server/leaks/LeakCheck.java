package io.breakwater.server.leaks;

import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails each test class that leaks a buffer, or whatever else Netty counts references of. Netty only logs a leak.
 * JUnit finds it through {@code META-INF/services}, before any class of Netty is initialized.
 */
public final class LeakCheck implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
    private static final String SEPARATOR = "\n\n";

    static {
        Leaks.install();
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Leaks.OF_PROCESS.during(context.getRequiredTestClass().getName());
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        Leaks.OF_PROCESS.during(context.getRequiredTestClass().getName() + ": " + context.getDisplayName());
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        if (Leaks.OF_PROCESS.anyTracked()) {
            verify(Leaks.OF_PROCESS);
        }
    }

    /** Fails if anything was leaked since the last call. */
    static void verify(Leaks leaks) throws InterruptedException {
        List<String> found = leaks.collect();
        if (!found.isEmpty()) {
            throw new AssertionError(found.size() + " leaks:" + SEPARATOR + String.join(SEPARATOR, found));
        }
    }
}
