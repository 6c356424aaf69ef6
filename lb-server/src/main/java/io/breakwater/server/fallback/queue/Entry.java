package io.breakwater.server.fallback.queue;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What is kept in memory of a stored request. The queue's thread changes it; its status may be read from any thread. */
final class Entry {
    final Records.Key key;
    /** What the record of its request takes. */
    final int bytes;
    /** Where that stands in its segment. */
    final int at;
    /** Where its request is, and once it has ended, where that is recorded. Belongs to the queue's thread. */
    Segment segment;

    private volatile Progress progress;

    /**
     * The part of its status that changes.
     *
     * @param status of the response, or 0
     * @param endedMillis the wall clock when it ended, or 0 if it has not
     */
    record Progress(QueueState state, int attempts, int status, long endedMillis) {}

    Entry(Records.Key key, int bytes, Segment segment, int at, Progress progress) {
        this.key = key;
        this.bytes = bytes;
        this.segment = segment;
        this.at = at;
        this.progress = progress;
    }

    static Progress waiting(int attempts) {
        return new Progress(QueueState.QUEUED, attempts, 0, 0);
    }

    static Progress sending(int attempts) {
        return new Progress(QueueState.SENDING, attempts, 0, 0);
    }

    Progress progress() {
        return progress;
    }

    void progress(Progress next) {
        progress = next;
    }

    /**
     * @param position how many are before it; told only while it waits
     */
    QueueStatus status(long position) {
        Progress now = progress;
        @Nullable Integer status = now.status() == 0 ? null : Integer.valueOf(now.status());
        @Nullable Long place = now.state() == QueueState.QUEUED ? Long.valueOf(position) : null;
        Instant received = Instant.ofEpochMilli(key.receivedMillis());
        return new QueueStatus(key.id(), now.state(), received, now.attempts(), status, place);
    }
}
