package io.breakwater.metrics;

import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Writes the present values of all meters for a scraper. Safe to call from any thread; never on a proxying loop. */
public interface MetricsExposition {

    /**
     * Chooses the format.
     *
     * @param accept the value of the scraper's Accept field, null if it sent none
     * @return the value of Content-Type, to be given to {@link #write}
     */
    String contentType(@Nullable String accept);

    /** Writes all meters to {@code out} in the given format, and leaves it open. */
    void write(OutputStream out, String contentType) throws IOException;
}
