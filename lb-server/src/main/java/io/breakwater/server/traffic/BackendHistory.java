package io.breakwater.server.traffic;

/** The samples of one backend. NOT thread safe. */
final class BackendHistory {
    private final Attempts attempts;
    private final Tally seen;
    private final Ring ring = new Ring();

    /** What the backend has counted so far is not sampled. */
    BackendHistory(Attempts attempts) {
        this.attempts = attempts;
        this.seen = new Tally(attempts.durations());
        seen.advanceTo(attempts);
    }

    /** Adds a sample of what was counted since the one before, and returns that. */
    Tally sample(double seconds, long intervals) {
        Tally counted = seen.advanceTo(attempts);
        ring.add(counted, seconds, intervals);
        return counted;
    }

    Traffic.Backend read() {
        return new Traffic.Backend(attempts.id().id(), ring.samples());
    }
}
