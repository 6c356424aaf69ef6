package io.breakwater.metrics;

/** Counts the connections of one side and the bytes on them. */
public interface ConnectionRecorder {

    /** A client's connection was accepted, whether it is then served or turned away. Downstream only. */
    void accepted();

    /** A connection is in use from now on. */
    void opened();

    /** A connection that was opened is closed. */
    void closed();

    void received(long bytes);

    void sent(long bytes);
}
