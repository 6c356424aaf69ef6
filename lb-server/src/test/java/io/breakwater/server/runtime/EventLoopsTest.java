package io.breakwater.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.time.ManualTicker;
import io.netty.channel.socket.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EventLoopsTest {

    /** Listener and UpstreamBootstrap rely on it: to say it again costs each new connection a system call. */
    @Test
    void aSocketBeginsWithoutNaglesDelay() throws Exception {
        try (EventLoops loops = EventLoops.start(Transport.NIO, 1, new ManualTicker(0))) {
            SocketChannel channel = loops.channel().getDeclaredConstructor().newInstance();
            try {
                assertThat(channel.config().isTcpNoDelay()).isTrue();
            } finally {
                channel.unsafe().closeForcibly();
            }
        }
    }

    /** Nothing else wakes this loop. */
    @Test
    void aLoopDoesNotSleepWhileSomebodyWaitsForATurn() throws Exception {
        int count = 10 * Turns.MOST_REQUESTS;
        CountDownLatch begun = new CountDownLatch(count);
        try (EventLoops loops = EventLoops.start(Transport.NIO, 1, new ManualTicker(0))) {
            Loop loop = loops.loops().get(0);
            loop.eventLoop().execute(() -> {
                for (int i = 0; i < count; i++) {
                    if (loop.turns().begins(begun::countDown)) {
                        begun.countDown();
                    }
                }
            });
            assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }
}
