package io.breakwater.server.demo;

import io.breakwater.server.demo.Faults.Mode;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** One connection of a replica: does with each request what the faults say, one request after the other. */
final class ReplicaHandler extends ChannelInboundHandlerAdapter {

    private static final int MOST_WAITING = 16;

    private final ReplicaState state;
    private final Deque<FullHttpRequest> waiting = new ArrayDeque<>();
    private boolean busy;

    ReplicaHandler(ReplicaState state) {
        this.state = state;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        FullHttpRequest request = (FullHttpRequest) message;
        if (!busy) {
            begin(ctx, request);
        } else if (waiting.size() < MOST_WAITING) {
            waiting.add(request);
        } else {
            request.release();
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        waiting.forEach(FullHttpRequest::release);
        waiting.clear();
    }

    private void begin(ChannelHandlerContext ctx, FullHttpRequest request) {
        busy = true;
        try {
            serve(ctx, request);
        } finally {
            request.release();
        }
    }

    private void serve(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (request.decoderResult().isFailure()) {
            answer(ctx, request, HttpResponseStatus.BAD_REQUEST, error("malformed request"));
            return;
        }
        String path = request.uri().split("\\?", 2)[0];
        switch (path) {
            case "/backend/resource" -> resource(ctx, request);
            case "/health" -> health(ctx, request);
            case "/faults" -> faults(ctx, request);
            default -> answer(ctx, request, HttpResponseStatus.NOT_FOUND, error("not found"));
        }
    }

    private void resource(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (!isRead(request)) {
            notAllowed(ctx, request, "GET, HEAD");
            return;
        }
        Faults faults = state.faults();
        boolean hit = ThreadLocalRandom.current().nextDouble() < faults.rate();
        if (!hit) {
            succeed(ctx, request);
        } else if (faults.latencyMillis() == 0) {
            misbehave(ctx, request, faults.mode());
        } else {
            request.retain();
            ctx.executor()
                    .schedule(
                            () -> {
                                misbehave(ctx, request, faults.mode());
                                request.release();
                            },
                            faults.latencyMillis(),
                            TimeUnit.MILLISECONDS);
        }
    }

    private void misbehave(ChannelHandlerContext ctx, FullHttpRequest request, Mode mode) {
        switch (mode) {
            case OK, SLOW -> succeed(ctx, request);
            case ERROR -> answer(ctx, request, HttpResponseStatus.INTERNAL_SERVER_ERROR, error("told to fail"));
            case HANG -> {
                // Busy for good: nothing is answered on this connection any more.
            }
            case RESET -> {
                ctx.channel().config().setOption(ChannelOption.SO_LINGER, 0);
                ctx.close();
            }
        }
    }

    private void succeed(ChannelHandlerContext ctx, FullHttpRequest request) {
        String now = state.clock.instant().truncatedTo(ChronoUnit.MILLIS).toString();
        answer(ctx, request, HttpResponseStatus.OK, "{\"data\":\"ok\",\"timestamp\":\"" + now + "\"}");
    }

    private void health(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (isRead(request)) {
            answer(ctx, request, HttpResponseStatus.OK, "{\"status\":\"ok\"}");
        } else {
            notAllowed(ctx, request, "GET, HEAD");
        }
    }

    private void faults(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (request.method().equals(HttpMethod.PUT)) {
            try {
                state.become(Faults.parse(request.content().toString(StandardCharsets.UTF_8)));
            } catch (IllegalArgumentException refused) {
                answer(ctx, request, HttpResponseStatus.BAD_REQUEST, error(String.valueOf(refused.getMessage())));
                return;
            }
        } else if (!isRead(request)) {
            notAllowed(ctx, request, "GET, HEAD, PUT");
            return;
        }
        answer(ctx, request, HttpResponseStatus.OK, state.faults().toJson());
    }

    private void notAllowed(ChannelHandlerContext ctx, FullHttpRequest request, String allowed) {
        FullHttpResponse response =
                response(request, HttpResponseStatus.METHOD_NOT_ALLOWED, error("method not allowed"));
        response.headers().set(HttpHeaderNames.ALLOW, allowed);
        send(ctx, response);
    }

    private void answer(ChannelHandlerContext ctx, FullHttpRequest request, HttpResponseStatus status, String json) {
        send(ctx, response(request, status, json));
    }

    private FullHttpResponse response(FullHttpRequest request, HttpResponseStatus status, String json) {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                status,
                request.method().equals(HttpMethod.HEAD) ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
                .set("X-Replica", state.name);
        return response;
    }

    private void send(ChannelHandlerContext ctx, FullHttpResponse response) {
        ctx.writeAndFlush(response)
                .addListener(ChannelFutureListener.CLOSE_ON_FAILURE)
                .addListener(written -> {
                    busy = false;
                    FullHttpRequest next = waiting.poll();
                    if (next != null) {
                        begin(ctx, next);
                    }
                });
    }

    private static boolean isRead(FullHttpRequest request) {
        return request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
    }

    private static String error(String problem) {
        return "{\"error\": \""
                + problem.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\p{Cntrl}", "?") + "\"}";
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
