package io.breakwater.time;

/** The monotonic clock of the JVM. */
enum SystemTicker implements Ticker {
    INSTANCE;

    @Override
    public long read() {
        return System.nanoTime();
    }
}
