package io.breakwater.server.connection;

/** A connection that is being made. To be used on its event loop. */
public interface Connecting {

    /** Nobody waits for it any more: what is under way is given up, and the sink is not called. */
    void cancel();
}
