package io.breakwater.server.fallback;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.breakwater.server.config.FallbackConfig;
import io.breakwater.server.http.BodyFraming;
import io.breakwater.server.http.Forwarding;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.http.ResponseFields;
import io.breakwater.server.http.ResponseHead;
import io.breakwater.server.http.StoredResponse;
import io.breakwater.time.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The last good responses of one route: what backends answered to requests that name nobody, and said nothing against
 * sharing. Only a 200 to a GET is kept, and only whole. One user never sees what another one got: neither a request with
 * Authorization, Cookie or Range leaves or gets a response here, nor is one kept that sets a cookie, varies by
 * everything, or is {@code no-store} or {@code private} (RFC 9111 section 5.2). Safe from any thread.
 *
 * <p>A response is found by its resource and by those fields of the request that its Vary names. The resource leads to
 * the response itself, or to the names of these fields, with which it is looked for again; the newest response says
 * which.
 */
public final class StaleResponses {
    private static final byte[] AUTHORIZATION = name("authorization");
    private static final byte[] COOKIE = name("cookie");
    private static final byte[] RANGE = name("range");
    private static final byte[] SET_COOKIE = name("set-cookie");
    private static final byte[] CACHE_CONTROL = name("cache-control");
    private static final byte[] VARY = name("vary");
    private static final byte[] AGE = name("age");

    /** What an entry takes beyond its bytes: the cache's node, and the objects around arrays and texts. */
    private static final int OVERHEAD_BYTES = 256;

    private final Duration maxAge;
    private final long maxEntryBytes;
    private final Cache<String, Kept> kept;

    public StaleResponses(FallbackConfig.Stale config, Ticker ticker) {
        this.maxAge = config.maxAge();
        this.maxEntryBytes = config.maxEntryBytes();
        this.kept = Caffeine.newBuilder()
                .maximumWeight(config.maxTotalBytes())
                .<String, Kept>weigher((key, value) -> key.length() + value.weight() + OVERHEAD_BYTES)
                // Only so that memory is given back; what may be served is judged to the nanosecond by its own age.
                .expireAfterWrite(config.maxAge().plusSeconds(1))
                .ticker(ticker::read)
                // Its upkeep is little and comes with writes: no thread of its own.
                .executor(Runnable::run)
                .build();
    }

    /** What a resource leads to. */
    private sealed interface Kept {
        int weight();
    }

    private record Varied(List<String> names) implements Kept {
        @Override
        public int weight() {
            return names.stream().mapToInt(name -> name.length() + 64).sum();
        }
    }

    private record Entry(StoredResponse response, long receivedNanos, long ageThenNanos) implements Kept {
        @Override
        public int weight() {
            return response.weight();
        }
    }

    /** A response, and how long ago its origin made it. */
    public record Aged(StoredResponse response, long ageSeconds) {}

    /** Returns the last good response to the same GET, or null if there is none that may be served. */
    public @Nullable Aged find(RequestHead request, Forwarding forwarding, long now) {
        if (!(request.method().equals("GET") || request.isHead()) || !namesNobody(request)) {
            return null;
        }
        String resource = request.resource(forwarding);
        Kept found = kept.getIfPresent(resource);
        if (found instanceof Varied varied) {
            found = kept.getIfPresent(variant(resource, varied.names(), request));
        }
        if (!(found instanceof Entry entry)) {
            return null;
        }
        long age = entry.ageThenNanos() + (now - entry.receivedNanos());
        return age > maxAge.toNanos() ? null : new Aged(entry.response(), TimeUnit.NANOSECONDS.toSeconds(age));
    }

    /**
     * Begins to copy a response that goes to the client, if it may be kept; else returns null. To be called after its
     * head was written.
     *
     * @param unframed its body comes without the chunk framing that its head tells of
     */
    public @Nullable StaleCopy copy(
            RequestHead request,
            Forwarding forwarding,
            ResponseHead response,
            ResponseFields fields,
            boolean unframed,
            long now) {
        if (!request.method().equals("GET") || !namesNobody(request) || !isForEverybody(response)) {
            return null;
        }
        long ageThen = ageNanos(response);
        if (ageThen > maxAge.toNanos() || response.contentLength() > maxEntryBytes - response.length()) {
            return null;
        }
        int status = response.status();
        byte[] head = response.stored(fields);
        String resource = request.resource(forwarding);
        List<String> names = names(response.values(VARY));
        String key = names.isEmpty() ? resource : variant(resource, names, request);
        boolean framed = response.framing() == BodyFraming.CHUNKED && !unframed;
        return new StaleCopy(framed, response.contentLength(), maxEntryBytes - head.length, body -> {
            StoredResponse whole = StoredResponse.received(status, head, body);
            kept.put(key, new Entry(whole, now, ageThen));
            if (!names.isEmpty()) {
                kept.put(resource, new Varied(names));
            }
        });
    }

    private static boolean namesNobody(RequestHead request) {
        return request.framing() == BodyFraming.NONE
                && !request.has(AUTHORIZATION)
                && !request.has(COOKIE)
                && !request.has(RANGE)
                && !says(request.values(CACHE_CONTROL), "no-store");
    }

    private static boolean isForEverybody(ResponseHead response) {
        if (response.status() != 200 || response.framing() == BodyFraming.CLOSE || response.has(SET_COOKIE)) {
            return false;
        }
        String control = response.values(CACHE_CONTROL);
        return !says(control, "no-store") && !says(control, "private") && !says(response.values(VARY), "*");
    }

    /** Whether the list has this element, with an argument or without. Inside quotes it counts as well: to be safe. */
    private static boolean says(@Nullable String list, String wanted) {
        if (list == null) {
            return false;
        }
        for (String element : list.split(",", -1)) {
            int argument = element.indexOf('=');
            String name = argument < 0 ? element : element.substring(0, argument);
            if (name.strip().equalsIgnoreCase(wanted)) {
                return true;
            }
        }
        return false;
    }

    /** In one order and in lower case, so that the same fields are the same list. */
    private static List<String> names(@Nullable String vary) {
        if (vary == null) {
            return List.of();
        }
        TreeSet<String> names = new TreeSet<>();
        for (String name : vary.split(",", -1)) {
            if (!name.isBlank()) {
                names.add(name.strip().toLowerCase(Locale.ROOT));
            }
        }
        return List.copyOf(names);
    }

    /** The resource with what the request says in these fields. No text of a head has the line ends that part them. */
    private static String variant(String resource, List<String> names, RequestHead request) {
        StringBuilder key = new StringBuilder(resource);
        for (String name : names) {
            key.append('\n').append(name);
            String value = request.values(name(name));
            if (value != null) {
                key.append(':').append(value);
            }
        }
        return key.toString();
    }

    /** What caches before us say (RFC 9111 section 5.1); 0 where they say nothing that makes sense. */
    private static long ageNanos(ResponseHead response) {
        String age = response.values(AGE);
        if (age == null || age.isEmpty() || age.length() > 9 || !age.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return 0;
        }
        return TimeUnit.SECONDS.toNanos(Long.parseLong(age));
    }

    private static byte[] name(String lower) {
        return lower.getBytes(US_ASCII);
    }
}
