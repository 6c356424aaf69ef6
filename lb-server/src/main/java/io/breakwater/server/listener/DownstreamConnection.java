package io.breakwater.server.listener;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.config.ListenerConfig;
import io.breakwater.server.http.BodyFraming;
import io.breakwater.server.http.BodyReader;
import io.breakwater.server.http.ConnectionField;
import io.breakwater.server.http.Cumulation;
import io.breakwater.server.http.Forwarding;
import io.breakwater.server.http.HeadError;
import io.breakwater.server.http.Reply;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.http.ResponseFields;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.runtime.ReadBuffers;
import io.breakwater.server.runtime.TimerWheel;
import io.breakwater.server.runtime.Turns;
import io.breakwater.server.trace.IdFields;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: finds its requests in what comes, one at a time and in order, and hands each to an
 * {@link Exchange}. The next head is looked at after the last byte of the response before it has been written; reading
 * stays on meanwhile, up to the size of a head, so that a client that leaves is noticed at once. Confined to its loop.
 */
public final class DownstreamConnection extends ChannelInboundHandlerAdapter implements Turns.Waiter {
    private static final Logger LOG = LoggerFactory.getLogger(DownstreamConnection.class);
    /** What is read of a request that has its answer already, so that the connection can be kept or the answer is read. */
    private static final int MOST_DISCARDED_BYTES = 64 * 1024;
    /** How long a closing connection is read, so that a reset does not overtake the last response (RFC 9112 9.6). */
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);

    /**
     * How long a client that was told that its connection is kept may use it once more while we drain: its next request may
     * be on the way already, and would be lost with the connection.
     */
    private static final long PARTING_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How often within {@code write-idle} is looked whether the client took something: so late may it be cut. */
    private static final int WRITE_IDLE_LOOKS = 4;

    private static final byte[] NO_ADDRESS = {};

    private final SocketChannel channel;
    /** Null for a plain connection. */
    private final @Nullable SslHandler tls;

    private final Loop loop;
    private final Connections connections;
    private final ListenerContext context;
    private final RequestHead head;
    private final BodyReader body = new BodyReader();
    private final ReadBuffers buffers = new ReadBuffers();
    private final TimerWheel.Timeout patience = new Patience();
    private final TimerWheel.Timeout writeIdle = new WriteIdle();
    private final byte[] peerAddress;
    private final String peerHost;
    private final Forwarding forwarding;
    private @Nullable ByteBuf in;
    private Phase phase;
    /** Of the request under way; null while there is none. */
    private @Nullable Exchange exchange;

    private boolean processing;
    /** What has come of a request waits for its turn. */
    private boolean waitsForTurn;

    private boolean bodyComplete = true;
    private boolean bodyPaused;
    private boolean readingPaused;
    private boolean headTimed;
    /** When the connection came, or its last response was written. */
    private long idleSinceNanos;

    private boolean lastRequest;
    private int discardedBytes;
    private long writtenBytes;
    private long takenBytes;
    /** When the client was last seen to have taken something. */
    private long takenNanos;

    private boolean writeWatched;

    private enum Phase {
        /** Of TLS; the time for the first head is running. */
        HANDSHAKE,
        /** Between requests, or inside a head. */
        HEAD,
        EXCHANGE,
        /** The answer is out; the rest of the request's body is read for nobody. */
        DISCARD,
        /** The last response is out and our side is shut; what still comes is read for nobody. */
        LINGER,
        CLOSED
    }

    /** @param tls what the connection speaks TLS through; null for a plain one */
    DownstreamConnection(
            SocketChannel channel,
            Loop loop,
            Connections connections,
            ListenerContext context,
            @Nullable SslHandler tls) {
        this.channel = channel;
        channel.config().setRecvByteBufAllocator(buffers);
        this.tls = tls;
        this.phase = tls == null ? Phase.HEAD : Phase.HANDSHAKE;
        this.loop = loop;
        this.connections = connections;
        this.context = context;
        this.head = new RequestHead(context.headLimits(), context.ids().requestIdName());
        InetSocketAddress peer = channel.remoteAddress();
        this.peerAddress = peer == null ? NO_ADDRESS : peer.getAddress().getAddress();
        this.peerHost = hostOf(peer);
        this.forwarding = new Forwarding(
                peerHost,
                tls == null ? "http" : "https",
                peer != null
                        && context.config().trustedProxies().stream()
                                .anyMatch(range -> range.contains(peer.getAddress())));
    }

    static String hostOf(@Nullable InetSocketAddress peer) {
        return peer == null ? "unknown" : peer.getAddress().getHostAddress();
    }

    // ---- what an exchange uses ----

    public Loop loop() {
        return loop;
    }

    /** The listener's settings when the connection came. */
    public ListenerConfig config() {
        return context.config();
    }

    /** The peer's IP address in network order, not to be written to; empty when it was gone at once. */
    public byte[] peerAddress() {
        return peerAddress;
    }

    /** The peer's IP address in text; {@code unknown} when it was gone at once. */
    public String peerHost() {
        return peerHost;
    }

    public ByteBufAllocator alloc() {
        return channel.alloc();
    }

    public ResponseFields fields() {
        return context.fields();
    }

    public Forwarding forwarding() {
        return forwarding;
    }

    public IdFields ids() {
        return context.ids();
    }

    /** Whether more of a response may be written without piling up. */
    public boolean isWritable() {
        return channel.isWritable();
    }

    public void write(ByteBuf bytes) {
        int length = bytes.readableBytes();
        writtenBytes += length;
        context.recorder().sent(length);
        channel.write(bytes, channel.voidPromise());
    }

    public void flush() {
        channel.flush();
        if (!writeWatched && !hasTakenAll()) {
            writeWatched = true;
            takenBytes = takenBytes();
            takenNanos = loop.now();
            loop.timers().schedule(writeIdle, takenNanos + writeIdleNanos() / WRITE_IDLE_LOOKS);
        }
    }

    /** Whether the client has taken all that was flushed. */
    public boolean hasTakenAll() {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        return pending == null || pending.isEmpty();
    }

    /** Whether what is read of the body from now on goes on at once: the backend has taken all that came so far. */
    public void flowing(boolean on) {
        buffers.flowing(on && !bodyComplete);
    }

    /** Whether the request's body has been read to its end; true for a request without one. */
    public boolean isRequestComplete() {
        return bodyComplete;
    }

    /** Lets the body come: the exchange has somewhere to put it. */
    public void resumeBody() {
        if (bodyPaused) {
            bodyPaused = false;
            process();
        }
    }

    /** Holds the body back until {@link #resumeBody}. */
    public void pauseBody() {
        bodyPaused = true;
        buffers.flowing(false);
    }

    /** The client failed to send its request: it gets no other one through on this connection. */
    public void serveNoMore() {
        lastRequest = true;
    }

    /**
     * Whether the connection can serve another request after this one: the client wants it, we are not draining, and
     * what is left of the request is known to be little.
     */
    public boolean canKeep() {
        if (lastRequest || connections.isDraining() || !head.keepAlive()) {
            return false;
        }
        return bodyComplete
                || (head.framing() == BodyFraming.LENGTH
                        && head.contentLength() - body.dataBytes() <= MOST_DISCARDED_BYTES
                        // Whether a client sends the body after a final answer to its Expect cannot be known.
                        && !head.expectsContinue());
    }

    /** What the Connection field of the response says when the connection is kept, or not. */
    public ConnectionField connectionField(boolean keep) {
        if (!keep) {
            return ConnectionField.CLOSE;
        }
        return head.isHttp11() ? ConnectionField.ABSENT : ConnectionField.KEEP_ALIVE;
    }

    /**
     * Answers the request and ends the exchange.
     *
     * @param retryAfterSeconds 0 for none
     * @param reason as {@link Reply#write} takes it
     */
    public void reply(
            Reply reply,
            CircuitState state,
            long retryAfterSeconds,
            @Nullable String detail,
            @Nullable String allow,
            @Nullable String reason) {
        boolean keep = canKeep();
        ByteBuf out = alloc().buffer(512);
        reply.write(
                out,
                fields(),
                state,
                retryAfterSeconds,
                connectionField(keep),
                detail,
                allow,
                reason,
                phase == Phase.EXCHANGE && head.isHead());
        write(out);
        finish(keep);
    }

    /**
     * The response is written; the exchange is over.
     *
     * @param keep what its Connection field said
     */
    public void finish(boolean keep) {
        exchange = null;
        buffers.flowing(false);
        flush();
        if (phase == Phase.CLOSED) {
            return;
        }
        if (!keep) {
            closeAfterResponse();
        } else if (bodyComplete) {
            nextRequest();
        } else {
            phase = Phase.DISCARD;
            discardedBytes = 0;
            bodyPaused = false;
            loop.timers().schedule(patience, loop.now() + LINGER_NANOS);
        }
        process();
    }

    /**
     * Cuts the connection, so that the client knows its response to be incomplete; the exchange is over.
     *
     * @param reset with a reset: the end of the connection would be the end of the response
     */
    public void abort(boolean reset) {
        exchange = null;
        if (reset && channel.isActive()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
        }
        close();
    }

    // ---- the requests of the connection, in order ----

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context.recorder().opened();
        idleSinceNanos = loop.now();
        loop.timers()
                .schedule(
                        patience,
                        idleSinceNanos
                                + context.config().timeouts().requestHead().toNanos());
        connections.add(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        int length = bytes.readableBytes();
        context.recorder().received(length);
        if (phase == Phase.LINGER || phase == Phase.CLOSED) {
            bytes.release();
            discardedBytes += length;
            if (discardedBytes > MOST_DISCARDED_BYTES) {
                close();
            }
            return;
        }
        in = Cumulation.append(ctx.alloc(), in, bytes);
        process();
    }

    private void process() {
        if (processing) {
            return; // further up the stack this is being done already
        }
        processing = true;
        try {
            while (step()) {
                // one head or one run of body bytes at a time
            }
        } finally {
            processing = false;
        }
        ByteBuf rest = in;
        if (rest != null && !rest.isReadable()) {
            rest.release();
            in = null;
        } else if (rest != null) {
            in = Cumulation.shrink(channel.alloc(), rest);
        }
        if (phase == Phase.EXCHANGE) {
            exchange().onRequestReadComplete();
        }
        readOnOrPause();
    }

    private Exchange exchange() {
        return Objects.requireNonNull(exchange);
    }

    /** Does one thing with the bytes that wait; returns whether there may be more to do. */
    private boolean step() {
        ByteBuf bytes = in;
        if (bytes == null || !bytes.isReadable()) {
            return false;
        }
        return switch (phase) {
            case HEAD -> readHead(bytes);
            case EXCHANGE -> readBody(bytes);
            case DISCARD -> readForNobody(bytes);
            case HANDSHAKE, LINGER, CLOSED -> {
                bytes.skipBytes(bytes.readableBytes());
                yield false;
            }
        };
    }

    private boolean readHead(ByteBuf bytes) {
        if (!channel.isWritable()) {
            return false; // the client has not taken its earlier responses; see channelWritabilityChanged
        }
        if (waitsForTurn || !loop.turns().begins(this)) {
            waitsForTurn = true;
            return false;
        }
        switch (head.scan(bytes)) {
            case INCOMPLETE -> {
                if (head.started() && !headTimed) {
                    headTimed = true;
                    loop.timers()
                            .schedule(
                                    patience,
                                    loop.now()
                                            + context.config()
                                                    .timeouts()
                                                    .requestHead()
                                                    .toNanos());
                }
                return false;
            }
            case REFUSED -> {
                HeadError error = Objects.requireNonNull(head.error());
                bytes.skipBytes(bytes.readableBytes());
                refuse(error.reply(), error.detail());
                return false;
            }
            default -> {
                headTimed = false;
                loop.timers().cancel(patience);
                body.start(head);
                bodyComplete = body.complete();
                bodyPaused = !bodyComplete;
                bytes.skipBytes(head.length());
                phase = Phase.EXCHANGE;
                Exchange begun = context.exchanges().take(this);
                exchange = begun;
                begun.onRequest(head, isTooLarge(head.contentLength()), loop.now());
                return true;
            }
        }
    }

    @Override
    public void onTurn() {
        waitsForTurn = false;
        try {
            process();
        } catch (RuntimeException | Error e) {
            failed(e); // which the pipeline does for what comes through it
        }
    }

    private boolean isTooLarge(long bodyBytes) {
        long limit = context.config().limits().bodyBytes();
        return limit > 0 && bodyBytes > limit;
    }

    private boolean readBody(ByteBuf bytes) {
        if (bodyComplete || bodyPaused) {
            return false;
        }
        int length = body.advance(bytes, null);
        if (length == BodyReader.MALFORMED) {
            exchange().onRequestRefused(Reply.BAD_REQUEST, "malformed chunked body");
            return false;
        }
        if (isTooLarge(body.dataBytes())) {
            exchange().onRequestRefused(Reply.CONTENT_TOO_LARGE, "");
            return false;
        }
        int start = bytes.readerIndex();
        bodyComplete = body.complete();
        if (bodyComplete) {
            buffers.flowing(false);
        }
        if (length > 0) {
            exchange().onRequestBody(bytes, length);
        }
        bytes.readerIndex(start + length);
        if (bodyComplete && phase == Phase.EXCHANGE) {
            exchange().onRequestEnd();
        }
        return true;
    }

    private boolean readForNobody(ByteBuf bytes) {
        int length = body.advance(bytes, null);
        if (length == BodyReader.MALFORMED) {
            linger();
            return true;
        }
        bytes.skipBytes(length);
        discardedBytes += length;
        if (body.complete()) {
            bodyComplete = true;
            nextRequest();
        } else if (discardedBytes > MOST_DISCARDED_BYTES) {
            linger();
        }
        return true;
    }

    private void nextRequest() {
        phase = Phase.HEAD;
        head.reset();
        idleSinceNanos = loop.now();
        long most = connections.isDraining()
                ? PARTING_NANOS
                : context.config().timeouts().keepAliveIdle().toNanos();
        loop.timers().schedule(patience, idleSinceNanos + most);
    }

    /**
     * Answers bytes that are no request, which no exchange sees, and closes. Where the request line was one and says HEAD,
     * the client expects a head alone (RFC 9110 section 9.3.2), whatever was wrong with the rest.
     */
    private void refuse(Reply reply, @Nullable String detail) {
        long now = loop.now();
        CircuitState state = context.states().bestState(now);
        boolean headOnly = head.isHead();
        context.unmatched().started();
        ByteBuf out = alloc().buffer(512);
        reply.write(out, fields(), state, 0, ConnectionField.CLOSE, detail, null, headOnly);
        write(out);
        flush();
        context.refused(loop.index(), peerHost, reply, headOnly ? 0 : reply.bodyBytes(detail), state, loop.now() - now);
        linger();
    }

    /** Closes in good order: at once after the last byte when the client has nothing more to say, else lingering. */
    private void closeAfterResponse() {
        if (!bodyComplete || (in != null && in.isReadable())) {
            linger();
            return;
        }
        phase = Phase.CLOSED;
        writeEnd().addListener(written -> close());
    }

    /** Writes the last that there is to write: in TLS that we are done (close_notify, RFC 8446 section 6.1). */
    private ChannelFuture writeEnd() {
        if (tls == null) {
            return channel.writeAndFlush(alloc().buffer(0));
        }
        ChannelFuture written = tls.closeOutbound();
        flush(); // watches that it goes out
        return written;
    }

    /** Shuts our side and reads on for a moment, so that the client reads the response and not a reset. */
    private void linger() {
        if (phase == Phase.LINGER || phase == Phase.CLOSED) {
            return;
        }
        phase = Phase.LINGER;
        discardedBytes = 0;
        if (readingPaused) {
            readingPaused = false;
            channel.config().setAutoRead(true);
        }
        writeEnd().addListener((ChannelFutureListener) written -> {
            if (written.isSuccess()) {
                channel.shutdownOutput();
                loop.timers().schedule(patience, loop.now() + LINGER_NANOS);
            } else {
                close();
            }
        });
    }

    private void close() {
        phase = Phase.CLOSED;
        closeSocket();
    }

    /** Without a word of TLS: who was cut off must not take what has come for all that there is. */
    private void closeSocket() {
        channel.unsafe().close(channel.unsafe().voidPromise());
    }

    /** Keeps at most one head's worth of bytes waiting. */
    private void readOnOrPause() {
        int waiting = in == null ? 0 : in.readableBytes();
        boolean pause =
                waiting > context.config().limits().headersBytes() && phase != Phase.LINGER && phase != Phase.CLOSED;
        // In a head the scanner's own limits say when it is too much.
        if (phase == Phase.HEAD && channel.isWritable() && !waitsForTurn) {
            pause = false;
        }
        if (pause != readingPaused) {
            readingPaused = pause;
            channel.config().setAutoRead(!pause);
        }
    }

    // ---- what ends a connection ----

    /** The next response is the last; a connection that has been idle for a while, and so waits for none, is closed. */
    void drain() {
        if (phase == Phase.HANDSHAKE || (phase == Phase.HEAD && !head.started())) {
            loop.timers().schedule(patience, idleSinceNanos + PARTING_NANOS);
        }
    }

    /** Ends the connection now, whatever is under way. */
    void cut() {
        if (phase == Phase.EXCHANGE) {
            exchange().onShutdown();
            exchange = null;
        }
        close();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (phase == Phase.EXCHANGE) {
            Exchange present = exchange;
            if (present != null) { // else it has just ended, and finish flushes the last of it
                present.onDownstreamWritabilityChanged();
            }
        } else if (channel.isWritable()) {
            process();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        Exchange present = exchange;
        exchange = null;
        phase = Phase.CLOSED;
        context.recorder().closed();
        connections.remove(this);
        loop.timers().remove(patience);
        loop.timers().remove(writeIdle);
        if (present != null) {
            present.onClientGone();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        head.reset();
        if (in != null) {
            in.release();
            in = null;
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed(cause);
    }

    private void failed(Throwable cause) {
        Throwable reason = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        if (reason instanceof OutOfMemoryError) {
            // No room for what was to be read or written: the client has done nothing, and neither has a backend.
            LOG.warn("closing the connection of {}: {}", channel.remoteAddress(), reason.toString());
            cut();
            return;
        }
        if (!(reason instanceof IOException)) {
            LOG.warn("closing the connection of {}", channel.remoteAddress(), cause);
        }
        closeSocket();
    }

    /** TLS tells how the handshake ended, and that the client is done. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && phase == Phase.HANDSHAKE) {
            if (handshake.isSuccess()) {
                phase = Phase.HEAD;
            } else {
                LOG.debug("no TLS with {}: {}", peerHost, String.valueOf(handshake.cause()));
                phase = Phase.CLOSED; // which it is as soon as the alert is out
            }
        } else if (event instanceof SslCloseCompletionEvent close && close.isSuccess()) {
            clientIsDone();
        }
    }

    /** A close_notify of the client is to us what its FIN is. */
    private void clientIsDone() {
        if (phase == Phase.HEAD) {
            closeAfterResponse();
        } else {
            closeSocket();
        }
    }

    private long writeIdleNanos() {
        return context.config().timeouts().writeIdle().toNanos();
    }

    private long takenBytes() {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        return pending == null ? writtenBytes : writtenBytes - pending.totalPendingWriteBytes();
    }

    /** The client took too long: for a head, for its next request, or for what it had left to send. */
    private final class Patience extends TimerWheel.Timeout {
        @Override
        protected void expired(long nowNanos) {
            switch (phase) {
                case HEAD -> {
                    if (head.started()) {
                        refuse(Reply.REQUEST_TIMEOUT, null);
                    } else {
                        closeAfterResponse();
                    }
                }
                case DISCARD -> linger();
                case HANDSHAKE, LINGER -> close();
                case EXCHANGE, CLOSED -> {
                    // the exchange has its own timeouts
                }
            }
        }
    }

    /** Watches that the client takes what waits for it. */
    private final class WriteIdle extends TimerWheel.Timeout {
        @Override
        protected void expired(long nowNanos) {
            if (hasTakenAll()) {
                writeWatched = false;
                return;
            }
            long taken = takenBytes();
            if (taken != takenBytes) {
                takenBytes = taken;
                takenNanos = nowNanos;
            } else if (nowNanos - takenNanos >= writeIdleNanos()) {
                if (phase == Phase.EXCHANGE) {
                    exchange().onClientStalled();
                } else {
                    abort(true);
                }
                return;
            }
            loop.timers().schedule(this, nowNanos + writeIdleNanos() / WRITE_IDLE_LOOKS);
        }
    }

    /** Whether a request is under way, or its response not with the client yet. */
    boolean isBusy() {
        return phase == Phase.EXCHANGE || !hasTakenAll();
    }
}
