package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * What a request to the admin port is answered with.
 *
 * @param fields further header fields
 */
@SuppressWarnings("ArrayRecordComponent") // written once, by whom it was made for
record Answer(HttpResponseStatus status, String contentType, byte[] body, Map<String, String> fields) {
    static final String JSON = "application/json";

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
        return new Answer(status, contentType, body, Map.copyOf(more));
    }
}
