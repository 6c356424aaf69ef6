package io.breakwater.server.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the earlier route that takes every request of a later one. A look costs what the route's host and path have
 * parts, so that ten thousand routes are checked in no time. Not thread safe.
 */
final class Shadows {

    /** Where a route stands that takes any host. */
    private static final String ANY_HOST = "";

    private final Map<String, List<Entry>> exact = new HashMap<>();
    private final Map<String, List<Entry>> prefixes = new HashMap<>();
    private int count;

    /** Returns the first route added so far that takes all requests of this one, or null; then adds this one. */
    @Nullable
    RouteConfig firstOver(RouteConfig route) {
        List<String> paths = prefixesOf(route);
        Entry first = null;
        for (String host : hostsOver(route.host())) {
            if (route.path() != null) {
                first = earlierOf(first, exact.get(key(host, route.path())), route);
            }
            for (String prefix : paths) {
                first = earlierOf(first, prefixes.get(key(host, prefix)), route);
            }
        }
        String host = route.host() == null ? ANY_HOST : route.host();
        String path = route.path() != null ? route.path() : paths.get(paths.size() - 1);
        (route.path() != null ? exact : prefixes)
                .computeIfAbsent(key(host, path), unused -> new ArrayList<>())
                .add(new Entry(count++, route));
        return first == null ? null : first.route();
    }

    private @Nullable Entry earlierOf(@Nullable Entry best, @Nullable List<Entry> earlier, RouteConfig later) {
        for (Entry entry : earlier == null ? List.<Entry>of() : earlier) {
            if (takesMethodsOf(entry.route(), later)) {
                return best == null || entry.order() < best.order() ? entry : best;
            }
        }
        return best;
    }

    private static boolean takesMethodsOf(RouteConfig earlier, RouteConfig later) {
        return earlier.methods().isEmpty()
                || (!later.methods().isEmpty() && earlier.methods().containsAll(later.methods()));
    }

    /** The host, the wildcards over it, and any. */
    private static List<String> hostsOver(@Nullable String host) {
        List<String> hosts = new ArrayList<>();
        hosts.add(ANY_HOST);
        if (host != null) {
            hosts.add(host);
            int from = host.startsWith(HostPattern.WILDCARD) ? HostPattern.WILDCARD.length() : 0;
            for (int dot = host.indexOf('.', from); dot >= 0; dot = host.indexOf('.', dot + 1)) {
                hosts.add("*" + host.substring(dot));
            }
        }
        return hosts;
    }

    /** What a prefix over the route can be, without a slash at its end: from the empty one to its own path or prefix. */
    private static List<String> prefixesOf(RouteConfig route) {
        String path = route.path();
        String own = path != null ? path : withoutSlash(route.prefix() == null ? "/" : route.prefix());
        List<String> prefixes = new ArrayList<>();
        for (int slash = own.indexOf('/'); slash >= 0; slash = own.indexOf('/', slash + 1)) {
            prefixes.add(own.substring(0, slash));
        }
        prefixes.add(own);
        return prefixes;
    }

    private static String withoutSlash(String prefix) {
        return prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
    }

    /**
     * A text, because the JVM makes a record's hash in 20 ms at first, which is much of a start.
     *
     * @param path of an exact route, or a prefix without a slash at its end
     */
    private static String key(String host, String path) {
        return host + ' ' + path; // There is a space in neither.
    }

    private record Entry(int order, RouteConfig route) {}
}
