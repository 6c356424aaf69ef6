package io.breakwater.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads messages with Netty's decoders as they come, without a channel around them. */
final class NettyReader {
    private interface Decoder {
        void decodeNext(ByteBuf in, List<Object> out) throws Exception;
    }

    private static final class Requests extends HttpRequestDecoder implements Decoder {
        private Requests() {
            super(config());
        }

        @Override
        @SuppressWarnings("NullAway") // the decoder does not use its context
        public void decodeNext(ByteBuf in, List<Object> out) throws Exception {
            decode(null, in, out);
        }
    }

    private static final class Responses extends HttpResponseDecoder implements Decoder {
        private Responses() {
            super(config());
        }

        @Override
        @SuppressWarnings("NullAway") // the decoder does not use its context
        public void decodeNext(ByteBuf in, List<Object> out) throws Exception {
            decode(null, in, out);
        }
    }

    private final List<Object> out = new ArrayList<>();
    private final StringBuilder body = new StringBuilder();

    private static HttpDecoderConfig config() {
        return new HttpDecoderConfig()
                .setMaxInitialLineLength(100_000)
                .setMaxHeaderSize(100_000)
                .setMaxChunkSize(100_000)
                .setStrictLineParsing(true)
                .setUseRfc9112TransferEncoding(true)
                .setInitialBufferSize(256);
    }

    Reading requests(byte[] bytes) throws Exception {
        return read(new Requests(), bytes);
    }

    Reading responses(byte[] bytes) throws Exception {
        return read(new Responses(), bytes);
    }

    private Reading read(Decoder decoder, byte[] bytes) throws Exception {
        Reading reading = new Reading();
        ByteBuf in = Unpooled.wrappedBuffer(bytes);
        HttpMessage open = null;
        body.setLength(0);
        while (in.isReadable()) {
            int before = in.readableBytes();
            out.clear();
            decoder.decodeNext(in, out);
            if (out.isEmpty() && in.readableBytes() == before) {
                break;
            }
            for (Object object : out) {
                if (object instanceof ByteBuf upgraded) {
                    upgraded.release();
                    continue;
                }
                if (((HttpObject) object).decoderResult().isFailure()) {
                    release(object);
                    reading.end = Reading.End.REFUSED;
                    reading.reason =
                            String.valueOf(((HttpObject) object).decoderResult().cause());
                    addOpen(reading, open);
                    return reading;
                }
                if (object instanceof HttpMessage message) {
                    open = message;
                }
                if (object instanceof HttpContent content) {
                    body.append(content.content().toString(StandardCharsets.ISO_8859_1));
                    release(content);
                }
                if (object instanceof LastHttpContent && open != null) {
                    reading.messages.add(message(open, body.toString(), in.readerIndex(), true));
                    open = null;
                    body.setLength(0);
                }
            }
        }
        boolean between =
                open == null && in.toString(StandardCharsets.ISO_8859_1).isBlank();
        reading.end = between ? Reading.End.CLEAN : Reading.End.INCOMPLETE;
        addOpen(reading, open);
        return reading;
    }

    private void addOpen(Reading reading, @Nullable HttpMessage open) {
        if (open != null) {
            reading.messages.add(message(open, body.toString(), 0, false));
        }
    }

    private static void release(Object object) {
        if (object instanceof HttpContent content) {
            content.release();
        }
    }

    private static Reading.Message message(HttpMessage message, String body, int end, boolean whole) {
        List<String> fields = new ArrayList<>();
        for (Map.Entry<String, String> field : message.headers()) {
            fields.add(field.getKey() + ": " + field.getValue());
        }
        String start = message instanceof HttpRequest request
                ? request.method() + " " + request.uri() + " " + request.protocolVersion()
                : message.protocolVersion() + " "
                        + ((HttpResponse) message).status().code();
        return new Reading.Message(start, fields, framing(message), body, end, whole);
    }

    /** RFC 9112 section 6.3. */
    private static BodyFraming framing(HttpMessage message) {
        if (message instanceof HttpResponse response
                && isWithoutContent(response.status().code())) {
            return BodyFraming.NONE;
        }
        if (HttpUtil.isTransferEncodingChunked(message)) {
            return BodyFraming.CHUNKED;
        }
        if (message instanceof HttpResponse && !HttpUtil.isContentLengthSet(message)) {
            return BodyFraming.CLOSE;
        }
        return HttpUtil.getContentLength(message, 0L) > 0 ? BodyFraming.LENGTH : BodyFraming.NONE;
    }

    private static boolean isWithoutContent(int status) {
        return status < 200 || status == 204 || status == 304;
    }
}
