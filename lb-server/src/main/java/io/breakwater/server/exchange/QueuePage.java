package io.breakwater.server.exchange;

import io.breakwater.metrics.RouteRecorder;
import io.breakwater.server.fallback.queue.QueueStatus;
import io.breakwater.server.fallback.queue.WriteQueue;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where clients learn what became of the requests in a queue. Immutable, safe from any thread.
 *
 * @param path below which the ids are; does not end in a slash
 * @param route the name of the first route that has the queue, for which questions are counted
 * @param recorder that of this route
 */
public record QueuePage(String path, WriteQueue queue, String route, RouteRecorder recorder) {

    /** Returns the URL's path at which a request's status is asked for. */
    static String location(String path, String id) {
        return path + '/' + id;
    }

    /** Whether this path is one segment below the page's. */
    boolean takes(CharSequence asked) {
        int length = path.length();
        if (asked.length() <= length || asked.charAt(length) != '/') {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (asked.charAt(i) != path.charAt(i)) {
                return false;
            }
        }
        for (int i = length + 1; i < asked.length(); i++) {
            if (asked.charAt(i) == '/') {
                return false;
            }
        }
        return true;
    }

    /** Returns the status of the request that this path names, which {@link #takes} takes; null if there is none. */
    byte @Nullable [] status(CharSequence asked) {
        QueueStatus status = queue.status(
                asked.subSequence(path.length() + 1, asked.length()).toString());
        return status == null ? null : json(status);
    }

    /** Nothing in it needs escapes: ids are base64url. */
    private static byte[] json(QueueStatus status) {
        StringBuilder json = new StringBuilder("{\"id\": \"")
                .append(status.id())
                .append("\", \"state\": \"")
                .append(status.state().label())
                .append("\", \"received\": \"")
                .append(status.received())
                .append("\", \"attempts\": ")
                .append(status.attempts());
        if (status.status() != null) {
            json.append(", \"status\": ").append(status.status());
        }
        if (status.position() != null) {
            json.append(", \"position\": ").append(status.position());
        }
        return json.append('}').toString().getBytes(StandardCharsets.US_ASCII);
    }
}
