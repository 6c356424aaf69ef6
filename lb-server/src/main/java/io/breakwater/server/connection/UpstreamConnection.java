package io.breakwater.server.connection;

import io.breakwater.health.Outcome;
import io.breakwater.metrics.ConnectionRecorder;
import io.breakwater.server.http.BodyReader;
import io.breakwater.server.http.Cumulation;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.ResponseHead;
import io.breakwater.server.http.Scan;
import io.breakwater.server.runtime.ReadBuffers;
import io.breakwater.server.tls.TlsFailure;
import io.breakwater.server.tls.TlsPeer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to one backend: sends the bytes of a request and finds the response in what comes back. It serves one
 * exchange at a time and is kept for the next one when that is safe. Confined to its event loop.
 */
public final class UpstreamConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(UpstreamConnection.class);
    /** Interim responses before the final one; more of them are a backend gone wrong. */
    private static final int MOST_INTERIM_RESPONSES = 8;
    /** What is read of a body that nobody wants any more, before closing is cheaper than keeping. */
    private static final int MOST_DISCARDED_BYTES = 64 * 1024;

    private final Channel channel;
    private final BackendConnections home;
    private final ConnectionRecorder recorder;
    private final @Nullable TlsPeer tls;
    private final ResponseHead head;
    private final BodyReader body = new BodyReader();
    private final ReadBuffers buffers = new ReadBuffers();
    private @Nullable ByteBuf in;
    private @Nullable ResponseSink sink;
    private Phase phase = Phase.IDLE;
    private boolean headRequest;
    private boolean unframed;
    private boolean responseBytesSeen;
    private boolean reusable;
    private boolean used;
    /** The backend did not end it, as far as is known: what comes to its end with the connection is not whole. */
    private boolean brokenOff;
    /** How TLS itself failed; null while it has not. */
    private @Nullable Throwable tlsFailure;

    private boolean paused;
    private int interimResponses;
    private int discardedBytes;
    private long idleSinceNanos;

    private enum Phase {
        IDLE,
        HEAD,
        BODY,
        /** The response is whole; its exchange has not let go yet. */
        DONE,
        /** The rest of a body is read for nobody, so that the connection can be used again. */
        DISCARD,
        CLOSED
    }

    /**
     * @param tls by which TLS is spoken, in front of this handler; null if it is not
     */
    UpstreamConnection(
            Channel channel,
            BackendConnections home,
            HeadLimits limits,
            ConnectionRecorder recorder,
            @Nullable TlsPeer tls) {
        this.channel = channel;
        channel.config().setRecvByteBufAllocator(buffers);
        this.home = home;
        this.recorder = recorder;
        this.tls = tls;
        this.head = new ResponseHead(limits);
        // Anybody on the way can end the connection below; who ends TLS is the backend (RFC 8446 section 6.1).
        this.brokenOff = tls != null;
    }

    /**
     * Begins an exchange; the request's bytes are written next.
     *
     * @param headMethod the request is HEAD, so that the response has no body
     */
    public void begin(ResponseSink user, boolean headMethod) {
        assert channel.eventLoop().inEventLoop() && phase == Phase.IDLE;
        sink = user;
        headRequest = headMethod;
        phase = Phase.HEAD;
        unframed = false;
        responseBytesSeen = false;
        reusable = false;
        interimResponses = 0;
    }

    /** Whether an earlier exchange used this connection, so that the backend may have closed it meanwhile. */
    public boolean isReused() {
        return used;
    }

    /** Whether more of the request may be written without piling up. */
    public boolean isWritable() {
        return channel.isWritable();
    }

    public void write(ByteBuf bytes) {
        recorder.sent(bytes.readableBytes());
        channel.write(bytes, channel.voidPromise());
    }

    public void flush() {
        channel.flush();
    }

    /** Whether the backend has taken all that was flushed. */
    public boolean hasTakenAll() {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        return pending == null || pending.isEmpty();
    }

    /** Whether what is read from now on goes on at once: the client has taken all that came so far. */
    public void flowing(boolean on) {
        buffers.flowing(on);
    }

    /** From now on the body is handed over without its chunk framing. */
    public void unframe() {
        unframed = true;
    }

    /** Stops reading from the backend until {@link #resume}: the client does not take what came. */
    public void pause() {
        if (!paused) {
            paused = true;
            channel.config().setAutoRead(false);
        }
    }

    public void resume() {
        if (paused) {
            paused = false;
            channel.config().setAutoRead(true);
        }
    }

    /** Whether reading is stopped. */
    public boolean isPaused() {
        return paused;
    }

    /** The exchange is over and its response was whole. Keeps the connection if that is safe, else closes it. */
    public void release(boolean requestSent) {
        assert channel.eventLoop().inEventLoop();
        sink = null;
        if (phase == Phase.DONE && reusable && requestSent && !hasLeftover()) {
            resume();
            toIdle();
        } else {
            close();
        }
    }

    /**
     * The exchange is over and does not want the rest of the response. If little is left of it, it is read and the
     * connection kept; else the connection is closed.
     */
    public void discard(boolean requestSent) {
        assert channel.eventLoop().inEventLoop();
        sink = null;
        boolean bounded = phase == Phase.BODY && !body.endsWithConnection();
        if (phase == Phase.DONE) {
            release(requestSent);
        } else if (bounded && reusable && requestSent) {
            discardedBytes = 0;
            phase = Phase.DISCARD;
            idleSinceNanos = home.loop().now();
            resume();
            home.discarding(this);
        } else {
            close();
        }
    }

    /** Closes at once; the sink is not called. */
    public void close() {
        sink = null;
        phase = Phase.CLOSED;
        channel.close();
    }

    boolean isUsable() {
        return phase == Phase.IDLE && channel.isActive() && !isOutdated();
    }

    /** Whether TLS was spoken by other settings than it would be now. */
    boolean isOutdated() {
        return tls != null && !tls.equals(home.backend().tls());
    }

    boolean isClosed() {
        return phase == Phase.CLOSED;
    }

    /** When it became idle. */
    long idleSinceNanos() {
        return idleSinceNanos;
    }

    private void toIdle() {
        phase = Phase.IDLE;
        used = true;
        buffers.flowing(false);
        head.reset();
        idleSinceNanos = home.loop().now();
        home.idle(this);
    }

    private boolean hasLeftover() {
        return in != null && in.isReadable();
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        recorder.opened();
        ctx.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        recorder.received(bytes.readableBytes());
        if (phase == Phase.IDLE || phase == Phase.DONE || phase == Phase.CLOSED) {
            // Bytes that no request asked for: whatever they are, they must not become the answer to the next one.
            bytes.release();
            if (phase == Phase.DONE) {
                reusable = false;
            } else {
                close();
            }
            return;
        }
        responseBytesSeen = true;
        in = Cumulation.append(ctx.alloc(), in, bytes);
        read();
        if (in != null && !in.isReadable()) {
            in.release();
            in = null;
        }
    }

    private void read() {
        while (in != null && in.isReadable()) {
            switch (phase) {
                case HEAD -> {
                    if (!readHead(in)) {
                        return;
                    }
                }
                case BODY -> {
                    if (!readBody(in)) {
                        return;
                    }
                }
                case DISCARD -> {
                    if (!readForNobody(in)) {
                        return;
                    }
                }
                default -> {
                    // Bytes after the whole response: the connection is not used again, see release.
                    return;
                }
            }
        }
    }

    /** Returns whether to go on reading. */
    private boolean readHead(ByteBuf bytes) {
        Scan scan = head.scan(bytes, headRequest);
        if (scan == Scan.INCOMPLETE) {
            return false;
        }
        if (scan == Scan.REFUSED) {
            fail(Outcome.PROTOCOL_ERROR);
            return false;
        }
        int length = head.length();
        if (head.isInformational()) {
            interimResponses++;
            if (interimResponses > MOST_INTERIM_RESPONSES) {
                fail(Outcome.PROTOCOL_ERROR);
                return false;
            }
            sink().onResponseHead(head);
            if (phase != Phase.HEAD) {
                return false;
            }
            bytes.skipBytes(length);
            head.reset();
            return true;
        }
        body.start(head);
        reusable = head.keepAlive() && !body.endsWithConnection();
        phase = Phase.BODY;
        bytes.skipBytes(length);
        sink().onResponseHead(head);
        endIfComplete();
        return true;
    }

    private boolean readBody(ByteBuf bytes) {
        ByteBuf data = unframed ? channel.alloc().buffer(bytes.readableBytes()) : null;
        try {
            int length = body.advance(bytes, data);
            if (length == BodyReader.MALFORMED) {
                fail(Outcome.PROTOCOL_ERROR);
                return false;
            }
            int start = bytes.readerIndex();
            if (data != null) {
                sink().onResponseBody(data, data.readableBytes());
            } else if (length > 0) {
                sink().onResponseBody(bytes, length);
            }
            bytes.readerIndex(start + length);
        } finally {
            ReferenceCountUtil.release(data);
        }
        endIfComplete();
        return true;
    }

    private void endIfComplete() {
        if (body.complete()) {
            if (phase == Phase.BODY) {
                end();
            } else if (phase == Phase.DISCARD) {
                afterDiscard();
            }
        }
    }

    private void end() {
        phase = Phase.DONE;
        if (hasLeftover()) {
            reusable = false;
        }
        sink().onResponseEnd();
    }

    private boolean readForNobody(ByteBuf bytes) {
        int length = body.advance(bytes, null);
        if (length == BodyReader.MALFORMED) {
            close();
            return false;
        }
        bytes.skipBytes(length);
        discardedBytes += length;
        if (body.complete()) {
            afterDiscard();
        } else if (discardedBytes > MOST_DISCARDED_BYTES) {
            close();
        }
        return false;
    }

    private void afterDiscard() {
        if (hasLeftover()) {
            close();
        } else {
            toIdle();
        }
    }

    private void fail(Outcome outcome) {
        ResponseSink user = sink;
        boolean untouched = !responseBytesSeen;
        close();
        if (user != null) {
            user.onResponseFailed(outcome, untouched);
        }
    }

    private ResponseSink sink() {
        ResponseSink user = sink;
        if (user == null) {
            throw new IllegalStateException("no exchange in phase " + phase);
        }
        return user;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ResponseSink user = sink;
        if (user != null) {
            user.onResponseReadComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        ResponseSink user = sink;
        if (user != null) {
            user.onUpstreamWritabilityChanged();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        recorder.closed();
        ended();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == SslCloseCompletionEvent.SUCCESS) {
            // The backend has ended TLS: nothing more comes, whenever the connection below ends.
            brokenOff = false;
            ended();
        }
        ctx.fireUserEventTriggered(event);
    }

    /** Nothing more comes. */
    private void ended() {
        home.closed(this);
        switch (phase) {
            case HEAD -> {
                // In TLS 1.3 our handshake is done before the backend has judged our certificate (RFC 8446 section
                // 4.4.2.4).
                if (tlsFailure != null && !used && !responseBytesSeen) {
                    home.tlsFailed(tlsFailure);
                    fail(Outcome.TLS_FAILED);
                } else {
                    fail(Outcome.CONNECTION_RESET);
                }
            }
            case BODY -> {
                if (body.endsWithConnection() && !brokenOff) {
                    end();
                } else {
                    fail(Outcome.TRUNCATED);
                }
            }
            case DONE -> reusable = false;
            default -> close();
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
        if (cause instanceof ChannelOutputShutdownException || cause instanceof ClosedChannelException) {
            // A failed write. The channel stays (AUTO_CLOSE is off): the backend may have answered before it hung up,
            // and
            // that answer waits to be read.
            return;
        }
        if (LocalErrors.isLocal(cause)) {
            // What was to be read has no room here, which says nothing about the backend.
            LOG.warn("closing the connection to {}: {}", home.backend().id(), cause.toString());
            fail(Outcome.LOCAL_ERROR);
            return;
        }
        brokenOff = true;
        if (TlsFailure.isOne(cause)) {
            tlsFailure = cause; // its handler closes the channel
            return;
        }
        if (cause instanceof IOException) {
            return; // a failed read closes the channel by itself
        }
        LOG.warn("closing the connection to {}", home.backend().id(), cause);
        ctx.close();
    }
}
