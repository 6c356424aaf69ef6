package io.breakwater.server.listener;

import static java.util.Objects.requireNonNull;

import io.breakwater.server.runtime.EventLoops;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All addresses that clients connect to, by name. Its methods may be called from any thread but a loop. */
public final class Listeners {
    private final Map<String, Listener> byName = new LinkedHashMap<>();

    public Listeners(EventLoops loops, Map<String, ListenerContext> contexts) {
        contexts.forEach((name, context) -> byName.put(name, new Listener(loops, context)));
    }

    /** Binds all, in their order, and accepts from now on. On an exception none is left. */
    public void start() throws IOException {
        List<Listener> bound = new ArrayList<>();
        try {
            for (Listener each : byName.values()) {
                each.start();
                bound.add(each);
            }
        } catch (IOException | RuntimeException e) {
            bound.forEach(Listener::cut);
            throw e;
        }
    }

    /** The port in use, which the system chose if 0 was configured. */
    public int port(String name) {
        return requireNonNull(byName.get(name)).port();
    }

    /** What connections share that are accepted from now on; those that are open keep what they have. */
    public void reconfigure(Map<String, ListenerContext> next) {
        next.forEach((name, context) -> requireNonNull(byName.get(name)).reconfigure(context));
    }

    /** Stops accepting, lets what is under way finish, and closes connections as they become idle. */
    public void drain() {
        byName.values().forEach(Listener::drain);
    }

    /** Waits until every connection is gone, and returns whether that happened in time. */
    public boolean awaitDrained(Duration atMost) throws InterruptedException {
        long left = atMost.toNanos();
        for (Listener each : byName.values()) {
            left = each.awaitDrained(left);
        }
        return left > 0;
    }

    /** Ends all connections now and returns how many requests that cut off. */
    public int cut() {
        return byName.values().stream().mapToInt(Listener::cut).sum();
    }
}
