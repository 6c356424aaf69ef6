package io.breakwater.server.probe;

import io.breakwater.health.check.Probe;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.server.config.StatusRanges;
import io.breakwater.server.connection.Dialer;
import io.breakwater.server.connection.LocalErrors;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.runtime.TimerWheel;
import io.breakwater.server.tls.TlsFailure;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Asks a backend with GET, on a connection of its own, and passes if the status is an expected one. The status decides,
 * as soon as the head has come; redirects are not followed. What comes of the body until the deadline is read and thrown
 * away, up to {@link #MOST_BODY_BYTES}, so that the backend does not see its answer broken off. Safe from any thread.
 */
final class HttpProbe implements Probe {
    static final int MOST_BODY_BYTES = 64 * 1024;

    private static final String CLOSED = "connection closed without a response";
    private static final String MALFORMED = "malformed response";
    private static final String USER_AGENT = "breakwater-health-check";
    /** Interim responses before the final one; more of them are a backend gone wrong. */
    private static final int MOST_INTERIM_RESPONSES = 8;
    /** As large as a head may be that answers a request. */
    private static final int MOST_STATUS_LINE_BYTES = 8 * 1024;

    private static final int MOST_FIELD_BYTES = 64 * 1024;

    private final Loop loop;
    private final Dialer dialer;
    private final Question question;

    /**
     * What is asked.
     *
     * @param authority as Host says it (RFC 9110 section 7.2)
     * @param expected the statuses that pass
     */
    record Question(Dialer.Target to, String authority, String path, StatusRanges expected) {}

    /**
     * @param loop of the dialer
     */
    HttpProbe(Loop loop, Dialer dialer, Question question) {
        this.loop = loop;
        this.dialer = dialer;
        this.question = question;
    }

    @Override
    public Attempt start(long deadlineNanos, Callback callback) {
        Check check = new Check(deadlineNanos, callback);
        check.start(dialer, question.to());
        return check;
    }

    private FullHttpRequest request() {
        FullHttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, question.path());
        request.headers()
                .set(HttpHeaderNames.HOST, question.authority())
                .set(HttpHeaderNames.USER_AGENT, USER_AGENT)
                .set(HttpHeaderNames.ACCEPT, "*/*")
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        return request;
    }

    private final class Check extends Dialled {
        private final long deadlineNanos;

        Check(long deadlineNanos, Callback callback) {
            super(loop.eventLoop(), callback);
            this.deadlineNanos = deadlineNanos;
        }

        @Override
        void initialize(Channel tried) {
            HttpDecoderConfig limits = new HttpDecoderConfig()
                    .setMaxInitialLineLength(MOST_STATUS_LINE_BYTES)
                    .setMaxHeaderSize(MOST_FIELD_BYTES);
            tried.pipeline().addLast(new HttpClientCodec(limits, false, false), new Reader(this, tried));
        }

        @Override
        void connected(Channel made) {
            nowAwaits("response");
            made.writeAndFlush(request());
        }
    }

    /** Reads the response. */
    private final class Reader extends SimpleChannelInboundHandler<HttpObject> {
        private final Check check;
        private final TimerWheel.Timeout rest;
        private int interimResponses;
        private int bodyBytes;

        Reader(Check check, Channel channel) {
            this.check = check;
            this.rest = new TimerWheel.Timeout() {
                @Override
                protected void expired(long nowNanos) {
                    channel.close();
                }
            };
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
            if (message.decoderResult().isFailure()) {
                boolean cutOff = message.decoderResult().cause() instanceof PrematureChannelClosureException;
                check.tell(ProbeResult.failed(cutOff ? CLOSED : MALFORMED));
                ctx.close();
            } else if (message instanceof HttpResponse response) {
                head(ctx, response);
            } else if (message instanceof HttpContent content) {
                body(ctx, content);
            }
        }

        private void head(ChannelHandlerContext ctx, HttpResponse response) {
            int status = response.status().code();
            // 101 is the last that HTTP says on a connection (RFC 9110 section 15.2.2).
            if (response.status().codeClass() == HttpStatusClass.INFORMATIONAL && status != 101) {
                interimResponses++;
                if (interimResponses > MOST_INTERIM_RESPONSES) {
                    check.tell(ProbeResult.failed("too many interim responses"));
                    ctx.close();
                }
                return;
            }
            String detail = "status " + status;
            loop.timers().schedule(rest, check.deadlineNanos);
            check.tell(question.expected().contains(status) ? ProbeResult.passed(detail) : ProbeResult.failed(detail));
        }

        private void body(ChannelHandlerContext ctx, HttpContent content) {
            if (!check.isOver()) {
                return; // the empty end of an interim response
            }
            bodyBytes += content.content().readableBytes();
            if (content instanceof LastHttpContent || bodyBytes > MOST_BODY_BYTES) {
                ctx.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (!check.goesOver(ctx.channel())) {
                ctx.close();
                return;
            }
            if (LocalErrors.isLocal(cause)) {
                check.tellLocalError(cause);
            } else if (cause instanceof IOException || TlsFailure.isOne(cause)) {
                check.tell(ProbeResult.failed(Causes.text(cause)));
            } else {
                check.tell(ProbeResult.failed(MALFORMED));
            }
            ctx.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            loop.timers().remove(rest);
            if (check.goesOver(ctx.channel())) {
                check.tell(ProbeResult.failed(CLOSED));
            }
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof HttpProbe that && question.equals(that.question);
    }

    @Override
    public int hashCode() {
        return question.hashCode();
    }
}
