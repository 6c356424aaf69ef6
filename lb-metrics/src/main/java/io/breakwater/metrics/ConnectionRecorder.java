package io.breakwater.metrics;

/** Counts the connections of one side and the bytes on them. */
public interface ConnectionRecorder {

    /** A client's connection was accepted, whether it is then served or turned away. Downstream only. */
    void accepted();

    /** A client's connection could not be accepted for want of a descriptor or the like; it waits. Downstream only. */
    void acceptFailed();

    /** A connection is in use from now on. */
    void opened();

    /** A connection that was opened is closed. */
    void closed();

    void received(long bytes);

    void sent(long bytes);
}
