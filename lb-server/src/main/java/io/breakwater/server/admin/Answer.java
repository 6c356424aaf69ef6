package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * What a request to the admin port is answered with.
 *
 * @param fields further header fields
 * @param stream sends the body, of which {@code body} is no part then, and ends it; null if {@code body} is all of it
 */
@SuppressWarnings("ArrayRecordComponent") // written once, by whom it was made for
record Answer(
        HttpResponseStatus status,
        String contentType,
        byte[] body,
        Map<String, String> fields,
        @Nullable ChannelHandler stream) {
    static final String JSON = "application/json";

    Answer(HttpResponseStatus status, String contentType, byte[] body, Map<String, String> fields) {
        this(status, contentType, body, fields, null);
    }

    static Answer ok(String contentType, byte[] body) {
        return new Answer(HttpResponseStatus.OK, contentType, body, Map.of());
    }

    /**
     * Answers with an error.
     *
     * @param message may hold what the request said
     */
    static Answer error(HttpResponseStatus status, String message) {
        StringBuilder body = new StringBuilder("{\"error\": \"");
        JsonStringEncoder.getInstance().quoteAsString(message, body);
        return new Answer(status, JSON, body.append("\"}").toString().getBytes(UTF_8), Map.of());
    }

    /** Returns this answer with one more field, or another value of one. */
    Answer with(CharSequence name, String value) {
        Map<String, String> more = new HashMap<>(fields);
        more.put(name.toString(), value);
        return new Answer(status, contentType, body, Map.copyOf(more), stream);
    }

    /** Returns this answer with a body that does not end before the connection or the server does. */
    Answer with(ChannelHandler sender) {
        return new Answer(status, contentType, body, fields, sender);
    }
}
