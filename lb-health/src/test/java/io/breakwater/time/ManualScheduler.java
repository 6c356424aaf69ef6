package io.breakwater.time;

import java.time.Duration;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler whose time moves only when a test moves it; the test's thread runs the tasks, each at its exact time. What
 * a task throws reaches the test. Tasks of the same time run in the order in which they were handed over. Tasks may be
 * handed over from any thread.
 */
public final class ManualScheduler implements Scheduler {
    private final ManualTicker ticker;
    private final NavigableSet<Task> tasks = new TreeSet<>();
    private long handedOver;

    /**
     * @param ticker is moved by this scheduler; a test that moves it by itself makes tasks late
     */
    public ManualScheduler(ManualTicker ticker) {
        this.ticker = ticker;
    }

    @Override
    public Cancellable schedule(long atNanos, Runnable action) {
        synchronized (tasks) {
            Task task = new Task(atNanos, handedOver++, action);
            tasks.add(task);
            return task;
        }
    }

    /** Lets this time pass, running what comes due on the way and what that makes due. */
    public void advance(Duration time) {
        advance(time.toNanos());
    }

    public void advance(long byNanos) {
        long end = ticker.read() + byNanos;
        for (Task task = takeDue(end); task != null; task = takeDue(end)) {
            ticker.advance(Math.max(0, task.atNanos - ticker.read()));
            task.action.run();
        }
        ticker.advance(Math.max(0, end - ticker.read()));
    }

    /** Runs what is due now. */
    public void runDue() {
        advance(0);
    }

    /** How many tasks wait for their time. */
    public int pending() {
        synchronized (tasks) {
            return tasks.size();
        }
    }

    private @Nullable Task takeDue(long nanos) {
        synchronized (tasks) {
            return !tasks.isEmpty() && tasks.first().atNanos - nanos <= 0 ? tasks.pollFirst() : null;
        }
    }

    private final class Task implements Cancellable, Comparable<Task> {
        private final long atNanos;
        private final long number;
        private final Runnable action;

        Task(long atNanos, long number, Runnable action) {
            this.atNanos = atNanos;
            this.number = number;
            this.action = action;
        }

        @Override
        public void cancel() {
            synchronized (tasks) {
                tasks.remove(this);
            }
        }

        @Override
        public int compareTo(Task other) {
            long difference = atNanos - other.atNanos;
            return difference == 0 ? Long.compare(number, other.number) : Long.signum(difference);
        }
    }
}
