package io.breakwater.server.config;

/**
 * {@code lb.runtime}: what carries the connections.
 *
 * @param eventLoops 0 means one per core
 */
public record RuntimeConfig(Transport transport, int eventLoops) {

    public RuntimeConfig {
        new Constraints().range("event-loops", eventLoops, 0, 1024).verify();
    }

    public enum Transport implements Choice {
        /** The best of those that are there. */
        AUTO,
        NIO,
        EPOLL,
        /** Under the name that the kernel gives it. */
        IO_URING;

        @Override
        public String text() {
            return this == IO_URING ? "io_uring" : Choice.super.text();
        }
    }
}
