package io.breakwater.server.config;

import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One of {@code lb.routes}: at most one of {@code path} and {@code prefix} is set, and at least one of them or
 * {@code host}.
 *
 * @param host the host that a request must name, without port, or {@code *.x} for every name below {@code x}; kept in
 *     lower case, however it is given; null for any
 * @param path that a request must have; null for any, or any below the prefix
 * @param prefix whole segments that a request's path must begin with; null for none
 * @param methods empty for all
 * @param timeouts what its requests have instead of the pool's
 * @param fallbackOn when the fallbacks are tried
 * @param fallback tried in this order when no backend may serve or all tries failed
 */
public record RouteConfig(
        String name,
        @Nullable String host,
        @Nullable String path,
        @Nullable String prefix,
        Set<String> methods,
        String pool,
        @Nullable String rewrite,
        boolean stripPrefix,
        RouteTimeouts timeouts,
        Set<FallbackConfig.On> fallbackOn,
        List<FallbackConfig> fallback) {

    /** Values of the metrics' label {@code route} that mean something else. */
    private static final Set<String> RESERVED_NAMES = Set.of("none", "health");

    private static final String METHOD_RULE = "a method in upper case, such as GET";

    public RouteConfig {
        methods = Collections.unmodifiableSet(new LinkedHashSet<>(methods));
        host = host == null ? null : HostPattern.normalised(host);
        fallbackOn = Set.copyOf(fallbackOn);
        fallback = List.copyOf(fallback);
        new Constraints()
                .require(
                        !name.isEmpty() && name.chars().allMatch(c -> c >= ' ' && c != 0x7f),
                        "name",
                        name,
                        "a text without control characters")
                .require(!RESERVED_NAMES.contains(name), "name", name, "a name other than none and health")
                .require(
                        path != null || prefix != null || host != null,
                        "path",
                        "missing",
                        "a path, a prefix, or a host alone")
                .require(host == null || HostPattern.isPattern(host), "host", String.valueOf(host), HostPattern.RULE)
                .require(path == null || prefix == null, "prefix", String.valueOf(prefix), "either path or prefix")
                .require(path == null || HttpText.isPath(path), "path", String.valueOf(path), HttpText.PATH_RULE)
                .require(
                        prefix == null || HttpText.isPath(prefix), "prefix", String.valueOf(prefix), HttpText.PATH_RULE)
                .require(
                        rewrite == null || HttpText.isPath(rewrite),
                        "rewrite",
                        String.valueOf(rewrite),
                        HttpText.PATH_RULE)
                .require(!stripPrefix || rewrite == null, "strip-prefix", true, "either rewrite or strip-prefix")
                .require(
                        !stripPrefix || prefix != null || (path == null && host == null),
                        "strip-prefix",
                        true,
                        "a prefix to strip")
                .require(methods.stream().allMatch(RouteConfig::isMethod), "methods", methods, METHOD_RULE)
                .require(
                        !fallbackOn.isEmpty() || fallback.isEmpty(),
                        "fallback-on",
                        "[]",
                        "unavailable, failure or both, as there is a fallback")
                .require(
                        fallback.stream()
                                        .filter(FallbackConfig.Stale.class::isInstance)
                                        .count()
                                <= 1,
                        "fallback",
                        "stale, stale",
                        "at most one of type stale: a second one has nothing that the first has not")
                .verify();
    }

    /** A route that overrides nothing of its pool and has no fallback. */
    public RouteConfig(
            String name,
            @Nullable String host,
            @Nullable String path,
            @Nullable String prefix,
            Set<String> methods,
            String pool,
            @Nullable String rewrite,
            boolean stripPrefix) {
        this(
                name,
                host,
                path,
                prefix,
                methods,
                pool,
                rewrite,
                stripPrefix,
                RouteTimeouts.NONE,
                EnumSet.allOf(FallbackConfig.On.class),
                List.of());
    }

    /** Returns the method as it came if it is one, else throws with the rule. */
    static String checkedMethod(String text) {
        if (!isMethod(text)) {
            throw new InvalidValue(METHOD_RULE);
        }
        return text;
    }

    private static boolean isMethod(String text) {
        // CONNECT asks for a tunnel and has no path, so no route can match it (RFC 9110, section 9.3.6).
        return HttpText.isToken(text) && text.equals(text.toUpperCase(Locale.ROOT)) && !text.equals("CONNECT");
    }

    /** What a route that is given no name is called by: its path, its prefix or its host, the first that it has. */
    static @Nullable String defaultName(@Nullable String host, @Nullable String path, @Nullable String prefix) {
        if (path != null || prefix != null) {
            return path != null ? path : prefix;
        }
        return host == null ? null : HostPattern.normalised(host);
    }
}
