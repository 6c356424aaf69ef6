package io.breakwater.server.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One entry of a route's {@code fallback}: what is tried when no backend may serve, or all tries failed. */
public sealed interface FallbackConfig {

    /** What it does. */
    Type type();

    /** What an entry does, by the value of its key {@code type}; also a label of metrics. */
    enum Type implements Choice {
        /** A response from the configuration. */
        STATIC,
        /** The last good response to the same GET. */
        STALE,
        /** Another pool. */
        POOL,
        /** The request is stored, and repeated later. */
        QUEUE
    }

    /** When fallbacks are tried. */
    enum On implements Choice {
        /** No backend may serve: the answer would be a 503. */
        UNAVAILABLE,
        /** A backend was asked, and all tries failed: the answer would be a 502 or 504. */
        FAILURE
    }

    /**
     * A response from the configuration.
     *
     * @param headers further fields of the response
     * @param body null if the file has it
     * @param file whose content is the body, read with the configuration; null if the body stands here
     */
    record Static(
            int status,
            Map<String, String> headers,
            @Nullable String body,
            @Nullable String file,
            String contentType) implements FallbackConfig {

        private static final Set<String> OURS = Set.of(
                "connection",
                "content-length",
                "content-type",
                "date",
                "keep-alive",
                "te",
                "trailer",
                "transfer-encoding",
                "upgrade",
                "x-breakwater-fallback");

        public Static {
            headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
            Constraints constraints = new Constraints()
                    .range("status", status, 200, 599)
                    .require(body == null || file == null, "file", String.valueOf(file), "either body or file")
                    .require(
                            (body == null && file == null) || (status != 204 && status != 304),
                            "status",
                            status,
                            "one that has a body, as there is one")
                    .require(
                            HttpText.isFieldValue(contentType),
                            "content-type",
                            contentType,
                            "a media type such as application/json");
            headers.forEach((name, value) -> {
                constraints.require(
                        HttpText.isToken(name) && !OURS.contains(name.toLowerCase(Locale.ROOT)),
                        "headers",
                        name,
                        "the name of a field, other than the balancer's own such as Content-Length");
                constraints.require(
                        HttpText.isFieldValue(value), "headers", value, "a field value of visible ASCII and spaces");
            });
            constraints.verify();
        }

        @Override
        public Type type() {
            return Type.STATIC;
        }
    }

    /**
     * The last good response to the same GET.
     *
     * @param maxAge of a response that is served
     * @param maxEntryBytes of a response that is kept
     * @param maxTotalBytes of all that are kept for the route
     */
    record Stale(Duration maxAge, long maxEntryBytes, long maxTotalBytes) implements FallbackConfig {

        public Stale {
            new Constraints()
                    .positive("max-age", maxAge)
                    .sizeInBytes("max-entry", maxEntryBytes, 1, 64L << 20)
                    .sizeInBytes("max-total", maxTotalBytes, 1, 64L << 30)
                    .require(
                            maxEntryBytes <= maxTotalBytes,
                            "max-entry",
                            Units.size(maxEntryBytes),
                            "at most max-total, " + Units.size(maxTotalBytes))
                    .verify();
        }

        @Override
        public Type type() {
            return Type.STALE;
        }
    }

    /**
     * Another pool, with its own circuits, timeouts and retries.
     *
     * @param pool its name
     */
    record Pool(String pool) implements FallbackConfig {

        @Override
        public Type type() {
            return Type.POOL;
        }
    }

    /**
     * The request is stored on disk, answered 202, and repeated in order once a backend may serve.
     *
     * @param dir of the store; routes that name the same one share it
     * @param maxCount of requests in it
     * @param maxBytes of all that is in it
     * @param maxEntryBytes of a request that is taken
     * @param maxAge after which a request is given up
     * @param statusPath below which clients learn what became of their request
     */
    record Queue(String dir, int maxCount, long maxBytes, long maxEntryBytes, Duration maxAge, String statusPath)
            implements FallbackConfig {

        private static final Duration LONGEST_AGE = Duration.ofDays(30);

        public Queue {
            new Constraints()
                    .require(isPathOfFile(dir), "dir", dir, "the path of a directory")
                    .range("max-count", maxCount, 1, 100_000_000)
                    .sizeInBytes("max-bytes", maxBytes, 1, 1L << 40)
                    .sizeInBytes("max-entry", maxEntryBytes, 1, 64L << 20)
                    .require(
                            maxAge.compareTo(Duration.ofSeconds(1)) >= 0 && maxAge.compareTo(LONGEST_AGE) <= 0,
                            "max-age",
                            Units.duration(maxAge),
                            "a duration from 1s to 30d")
                    .require(
                            HttpText.isPath(statusPath) && !statusPath.endsWith("/"),
                            "status-path",
                            statusPath,
                            HttpText.PATH_RULE + ", and not with \"/\" at its end")
                    .verify();
        }

        /** Whether the other says the same of the same directory. */
        boolean isLike(Queue other) {
            return new Queue(other.dir, maxCount, maxBytes, maxEntryBytes, maxAge, statusPath).equals(other)
                    && directory().equals(other.directory());
        }

        private static boolean isPathOfFile(String text) {
            try {
                return !text.isEmpty() && !Path.of(text).toString().isEmpty();
            } catch (InvalidPathException notAPath) {
                return false;
            }
        }

        /** The directory by its one name, as far as that can be known from its text. */
        public Path directory() {
            return Path.of(dir).toAbsolutePath().normalize();
        }

        @Override
        public Type type() {
            return Type.QUEUE;
        }
    }
}
