package io.breakwater.metrics;

/**
 * The trace that a request belongs to (W3C Trace Context). Asked for its ids only when they are going to be kept, on the
 * thread that reports and before that call returns.
 */
public interface TraceContext {

    /** Returns 32 lower-case hexadecimal digits. */
    String traceId();

    /** Returns 16 lower-case hexadecimal digits: the span that the balancer's response belongs to. */
    String spanId();
}
