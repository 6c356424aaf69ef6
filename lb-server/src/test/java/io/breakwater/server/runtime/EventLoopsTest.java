package io.breakwater.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.time.ManualTicker;
import io.netty.channel.socket.SocketChannel;
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
}
