package io.breakwater.containers;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** The users of a balancer: twenty GETs a second, at most 32 of them under way at a time, and what became of them. */
final class Load implements AutoCloseable {
    private static final long PERIOD_MILLIS = 50;
    private static final int MOST_UNDER_WAY = 32;

    private final Balancer balancer;
    private final URI target;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Semaphore free = new Semaphore(MOST_UNDER_WAY);
    private final Map<String, LongAdder> answers = new ConcurrentSkipListMap<>();

    private Load(Balancer balancer) {
        this.balancer = balancer;
        this.target = balancer.resource();
    }

    /** Begins. */
    static Load on(Balancer balancer) {
        Load load = new Load(balancer);
        load.timer.scheduleAtFixedRate(load::send, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
        return load;
    }

    private void send() {
        if (free.tryAcquire()) {
            Http.getAsync(target).whenComplete((response, failure) -> {
                String answer = failure == null ? String.valueOf(response.statusCode()) : failure.toString();
                answers.computeIfAbsent(answer, first -> new LongAdder()).increment();
                free.release();
            });
        }
    }

    /** Sends no more, waits for what is under way, and requires that every answer was 200. Returns how many came. */
    long endWithNothingBut200() throws InterruptedException {
        close();
        assertThat(free.tryAcquire(MOST_UNDER_WAY, 1, TimeUnit.MINUTES))
                .as("the last requests end")
                .isTrue();
        assertThat(answers)
                .as(() -> "answers by status; the balancer says:\n" + balancer.log())
                .containsOnlyKeys("200");
        return answers.values().stream().mapToLong(LongAdder::sum).sum();
    }

    /** Sends no more. */
    @Override
    public void close() {
        timer.shutdownNow();
    }
}
