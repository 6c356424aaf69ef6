package io.breakwater.server.admin;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DateFormatter;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpContentException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Date;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the requests of one connection to the admin port, one at a time: while an answer takes its time, nothing is
 * read, and what was read already waits in the {@code FlowControlHandler} before this one. Belongs to the connection's
 * event loop.
 */
final class AdminHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(AdminHandler.class);
    private static final String CONTENT_SECURITY_POLICY =
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private final AdminResources resources;
    private final Access access;
    private final RequestDeadline deadline;
    private final InstantSource clock;
    private boolean answering;

    AdminHandler(AdminResources resources, Access access, RequestDeadline deadline, InstantSource clock) {
        this.resources = resources;
        this.access = access;
        this.deadline = deadline;
        this.clock = clock;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        deadline.met();
        if (!request.decoderResult().isSuccess()) {
            lastWord(ctx, refusal(request.decoderResult().cause()));
            return;
        }
        String what = request.method() + " " + request.uri();
        CompletableFuture<Answer> answer = answer(ctx, request, what);
        if (answer.isDone()) {
            respond(ctx, answer.join());
            return;
        }
        answering = true;
        readOrNot(ctx);
        answer.thenAcceptAsync(
                late -> {
                    answering = false;
                    respond(ctx, late);
                    readOrNot(ctx);
                },
                ctx.executor());
    }

    private void respond(ChannelHandlerContext ctx, Answer answer) {
        ChannelHandler stream = answer.stream();
        if (stream == null) {
            ctx.writeAndFlush(response(answer));
        } else {
            ctx.write(fill(new DefaultHttpResponse(HttpVersion.HTTP_1_1, answer.status()), answer));
            ctx.pipeline().replace(this, null, stream); // from here on the connection is the stream's
        }
    }

    /** Never fails: what goes wrong is an answer too. */
    private CompletableFuture<Answer> answer(ChannelHandlerContext ctx, FullHttpRequest request, String what) {
        try {
            return resources
                    .answer(request, access, String.valueOf(ctx.channel().remoteAddress()))
                    .exceptionally(failure -> failed(what, failure));
        } catch (RuntimeException e) {
            return CompletableFuture.completedFuture(failed(what, e));
        }
    }

    private static Answer failed(String what, Throwable failure) {
        LOG.error("admin request {} failed", what, failure);
        return Answer.error(HttpResponseStatus.INTERNAL_SERVER_ERROR, "internal error");
    }

    /** Nothing that follows on this connection can be trusted to be a request, or is waited for any more. */
    private void lastWord(ChannelHandlerContext ctx, Answer answer) {
        FullHttpResponse response = response(answer);
        response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        readOrNot(ctx);
    }

    /** A client that does not read its answers, or is still to get one, is not read from either. */
    private void readOrNot(ChannelHandlerContext ctx) {
        ctx.channel().config().setAutoRead(ctx.channel().isWritable() && !answering);
    }

    private static Answer refusal(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return Answer.error(HttpResponseStatus.REQUEST_URI_TOO_LONG, "request line too long");
        }
        if (cause instanceof TooLongHttpContentException) {
            return Answer.error(HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, "body too large");
        }
        return cause instanceof TooLongHttpHeaderException
                ? Answer.error(HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "header too large")
                : Answer.error(HttpResponseStatus.BAD_REQUEST, "bad request");
    }

    private FullHttpResponse response(Answer answer) {
        return fill(
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, answer.status(), Unpooled.wrappedBuffer(answer.body())),
                answer);
    }

    private <T extends HttpResponse> T fill(T response, Answer answer) {
        HttpHeaders headers = response.headers();
        headers.set(HttpHeaderNames.DATE, DateFormatter.format(Date.from(clock.instant())));
        headers.set(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
        if (!answer.contentType().equals(EventStreams.TYPE)) { // which has no end that is known
            headers.set(HttpHeaderNames.CONTENT_LENGTH, answer.body().length);
        }
        headers.set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        headers.set("x-content-type-options", "nosniff");
        // Not no-referrer: a browser would then send Origin: null with the forms of our own page.
        headers.set("referrer-policy", "same-origin");
        headers.set(HttpHeaderNames.CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
        answer.fields().forEach(headers::set);
        return response;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof IdleStateEvent) {
            ctx.close();
        } else if (event == RequestDeadline.PASSED) {
            lastWord(ctx, Answer.error(HttpResponseStatus.REQUEST_TIMEOUT, "request timeout"));
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!isDeparture(cause)) {
            LOG.warn("admin connection from {} failed", ctx.channel().remoteAddress(), cause);
        }
        ctx.close();
    }
    /** Whether this only says that the peer went away, in the middle of a request perhaps, which is no news. */
    static boolean isDeparture(Throwable cause) {
        return cause instanceof IOException || cause instanceof PrematureChannelClosureException;
    }
}
