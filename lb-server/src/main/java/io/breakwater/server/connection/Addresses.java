package io.breakwater.server.connection;

import io.breakwater.time.Ticker;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of one host and port. The last ones known are used at once, while new ones are looked up beside; if that
 * fails the last ones stay. Safe from any thread.
 */
final class Addresses {
    /** How long an answer is used before the resolver, which keeps the TTL, is asked again. */
    private static final long REFRESH_NANOS = 1_000_000_000L;

    private final Lookup lookup;
    private final int port;
    private final Ticker ticker;
    private volatile List<InetSocketAddress> known = List.of();
    private volatile @Nullable InetSocketAddress lastWorking;
    private boolean underWay;
    private long answeredNanos;
    private final List<Consumer<@Nullable Throwable>> waiting = new ArrayList<>();

    /** Finds the addresses of the host without blocking. */
    interface Lookup {
        void find(BiConsumer<List<InetAddress>, @Nullable Throwable> answer);
    }

    Addresses(Lookup lookup, int port, Ticker ticker) {
        this.lookup = lookup;
        this.port = port;
        this.ticker = ticker;
    }

    /**
     * Answers with the addresses in the order in which to try them; an empty list with the reason means that the host
     * has none.
     *
     * @param loop where the answer is given; if addresses are known, before this returns
     */
    void resolve(EventLoop loop, BiConsumer<List<InetSocketAddress>, @Nullable Throwable> answer) {
        List<InetSocketAddress> last = known;
        if (!last.isEmpty()) {
            answer.accept(workingFirst(last), null);
            refresh(null);
        } else {
            refresh(failure -> {
                if (loop.inEventLoop()) {
                    answer.accept(workingFirst(known), failure);
                } else {
                    loop.execute(() -> answer.accept(workingFirst(known), failure));
                }
            });
        }
    }

    /** This address has just taken a connection, so it is tried first from now on. */
    void worked(InetSocketAddress address) {
        if (!address.equals(lastWorking)) {
            lastWorking = address;
        }
    }

    private List<InetSocketAddress> workingFirst(List<InetSocketAddress> addresses) {
        InetSocketAddress first = lastWorking;
        if (first == null || addresses.size() < 2 || addresses.get(0).equals(first) || !addresses.contains(first)) {
            return addresses;
        }
        List<InetSocketAddress> ordered = new ArrayList<>(addresses);
        ordered.remove(first);
        ordered.add(0, first);
        return ordered;
    }

    private void refresh(@Nullable Consumer<@Nullable Throwable> waiter) {
        synchronized (waiting) {
            if (waiter != null) {
                waiting.add(waiter);
            } else if (ticker.read() - answeredNanos < REFRESH_NANOS) {
                return;
            }
            if (underWay) {
                return;
            }
            underWay = true;
        }
        lookup.find(this::found);
    }

    private void found(List<InetAddress> addresses, @Nullable Throwable failure) {
        if (!addresses.isEmpty()) {
            known = addresses.stream()
                    .map(address -> new InetSocketAddress(address, port))
                    .toList();
        }
        List<Consumer<@Nullable Throwable>> waiters;
        synchronized (waiting) {
            underWay = false;
            answeredNanos = ticker.read();
            waiters = List.copyOf(waiting);
            waiting.clear();
        }
        waiters.forEach(waiter -> waiter.accept(failure));
    }
}
