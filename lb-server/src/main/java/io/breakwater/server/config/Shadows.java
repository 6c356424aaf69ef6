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

    private final Map<Key, List<Entry>> earlier = new HashMap<>();
    private int count;

    /** Returns the first route added so far that takes all requests of this one, or null; then adds this one. */
    @Nullable
    RouteConfig firstOver(RouteConfig route) {
        List<String> paths = prefixesOf(route);
        Entry first = null;
        for (String host : hostsOver(route.host())) {
            if (route.path() != null) {
                first = earlierOf(first, new Key(host, true, route.path()), route);
            }
            for (String prefix : paths) {
                first = earlierOf(first, new Key(host, false, prefix), route);
            }
        }
        String host = route.host() == null ? ANY_HOST : route.host();
        Key key = route.path() != null
                ? new Key(host, true, route.path())
                : new Key(host, false, paths.get(paths.size() - 1));
        earlier.computeIfAbsent(key, unused -> new ArrayList<>()).add(new Entry(count++, route));
        return first == null ? null : first.route();
    }

    private @Nullable Entry earlierOf(@Nullable Entry best, Key key, RouteConfig later) {
        for (Entry entry : earlier.getOrDefault(key, List.of())) {
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

    /** @param path of an exact route, or a prefix without a slash at its end */
    private record Key(String host, boolean exact, String path) {}

    private record Entry(int order, RouteConfig route) {}
}
