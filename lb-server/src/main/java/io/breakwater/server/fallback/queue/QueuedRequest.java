package io.breakwater.server.fallback.queue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/**
 * A request as it is stored and replayed: what concerns one connection only is gone from it, and it has an idempotency key.
 *
 * @param route the name of the route that took it
 * @param method as received
 * @param target the request target as received; a route's rewriting is done when it is replayed
 * @param fields the end-to-end fields in their order; {@code Idempotency-Key} is one of them
 * @param body the whole body without its framing; not copied, so nobody may change it
 * @param idempotencyKey the value of the field {@code Idempotency-Key}, the client's own or a made one
 */
@SuppressWarnings("ArrayRecordComponent")
public record QueuedRequest(
        String route, String method, String target, List<Field> fields, byte[] body, String idempotencyKey) {
    private static final String KEY_FIELD = "Idempotency-Key";

    /**
     * What concerns one connection (RFC 9110 section 7.6.1), a proxy's authentication (section 11.7), and what is made anew
     * when a request is replayed with all of its body at hand: the framing, and no wait for {@code 100 Continue}.
     */
    private static final Set<String> NOT_REPLAYED = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-authentication-info",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "content-length",
            "expect");

    public QueuedRequest {
        Bytes.check("method", method);
        Bytes.check("target", target);
        fields = List.copyOf(fields);
    }

    /**
     * Returns the request without the fields that are not replayed, and with an idempotency key: the first of the client's
     * that is not empty, else a new one, in quotes as a structured field has them (RFC 8941 section 3.3.3).
     *
     * @param received the fields as received, or as they would be sent to a backend
     */
    public static QueuedRequest of(String route, String method, String target, List<Field> received, byte[] body) {
        Set<String> cut = new HashSet<>(NOT_REPLAYED);
        for (Field field : received) {
            if (field.name().equalsIgnoreCase("Connection")) {
                for (String option : field.value().split(",", -1)) {
                    cut.add(option.strip().toLowerCase(Locale.ROOT));
                }
            }
        }
        List<Field> kept = new ArrayList<>(received.size() + 1);
        String key = "";
        for (Field field : received) {
            boolean isKey = field.name().equalsIgnoreCase(KEY_FIELD);
            if (cut.contains(field.name().toLowerCase(Locale.ROOT))
                    || (isKey && field.value().isEmpty())) {
                continue;
            }
            if (isKey && key.isEmpty()) {
                key = field.value();
            }
            kept.add(field);
        }
        if (key.isEmpty()) {
            key = "\"" + UUID.randomUUID() + "\"";
            kept.add(new Field(KEY_FIELD, key));
        }
        return new QueuedRequest(route, method, target, kept, body, key);
    }

    @Override
    public String toString() {
        return method + " of route " + route;
    }
}
