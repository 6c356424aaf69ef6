package io.breakwater.server.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.time.ManualTicker;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AddressesTest {
    private static final int PORT = 8080;

    private final ManualTicker ticker = new ManualTicker(-1);
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Queue<BiConsumer<List<InetAddress>, @Nullable Throwable>> lookups = new ArrayDeque<>();
    private final Addresses addresses = new Addresses(lookups::add, PORT, ticker);
    private final List<List<InetSocketAddress>> answers = new ArrayList<>();
    private @Nullable Throwable lastFailure;

    private void resolve() {
        addresses.resolve(channel.eventLoop(), (found, failure) -> {
            answers.add(found);
            lastFailure = failure;
        });
        channel.runPendingTasks();
    }

    private void answer(List<InetAddress> found, @Nullable Throwable failure) {
        lookups.remove().accept(found, failure);
        channel.runPendingTasks();
    }

    private static InetAddress address(int last) throws UnknownHostException {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
    }

    private static InetSocketAddress socket(int last) throws UnknownHostException {
        return new InetSocketAddress(address(last), PORT);
    }

    @Test
    void allWhoAskBeforeTheFirstAnswerWaitForOneLookup() throws UnknownHostException {
        resolve();
        resolve();
        assertThat(answers).isEmpty();
        assertThat(lookups).hasSize(1);

        answer(List.of(address(1), address(2)), null);
        assertThat(answers).containsExactly(List.of(socket(1), socket(2)), List.of(socket(1), socket(2)));
    }

    @Test
    void knownAddressesAreUsedAtOnceWhileNewOnesAreLookedUp() throws UnknownHostException {
        resolve();
        answer(List.of(address(1)), null);
        ticker.advance(Duration.ofSeconds(1));

        resolve();
        assertThat(answers).hasSize(2).last().isEqualTo(List.of(socket(1)));
        answer(List.of(address(2)), null);

        resolve();
        assertThat(answers).last().isEqualTo(List.of(socket(2)));
    }

    @Test
    void anAnswerIsNotAskedForAgainWithinASecond() throws UnknownHostException {
        resolve();
        answer(List.of(address(1)), null);
        ticker.advance(Duration.ofSeconds(1).toNanos() - 1);

        resolve();
        assertThat(lookups).isEmpty();
    }

    @Test
    void theLastAddressesStayWhenALookupFails() throws UnknownHostException {
        resolve();
        answer(List.of(address(1)), null);
        ticker.advance(Duration.ofSeconds(2));
        resolve();
        answer(List.of(), new UnknownHostException("gone"));

        resolve();
        assertThat(answers).last().isEqualTo(List.of(socket(1)));
    }

    @Test
    void aHostWithoutAddressesIsAnEmptyAnswerWithTheReason() {
        resolve();
        UnknownHostException reason = new UnknownHostException("nowhere.test");
        answer(List.of(), reason);

        assertThat(answers).containsExactly(List.of());
        assertThat(lastFailure).isSameAs(reason);
    }

    @Test
    void theAddressThatTookTheLastConnectionIsTriedFirst() throws UnknownHostException {
        resolve();
        answer(List.of(address(1), address(2), address(3)), null);
        addresses.worked(socket(3));

        resolve();
        assertThat(answers).last().isEqualTo(List.of(socket(3), socket(1), socket(2)));
    }
}
