package io.breakwater.server.connection;

import io.breakwater.server.runtime.ReadBuffers;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;

/** The options of upstream sockets. */
final class UpstreamBootstrap {
    private UpstreamBootstrap() {}

    static Bootstrap create(EventLoop loop, Class<? extends SocketChannel> channelType) {
        return new Bootstrap()
                .group(loop)
                .channel(channelType)
                // TCP_NODELAY is on already: each channel of Netty's begins with that.
                // A failed write leaves the response readable: see UpstreamConnection.exceptionCaught.
                .option(ChannelOption.AUTO_CLOSE, false)
                // The time to connect is bounded by the exchange, over all addresses.
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new ReadBuffers())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(32 * 1024, 64 * 1024));
    }
}
