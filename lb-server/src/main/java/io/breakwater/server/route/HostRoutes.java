package io.breakwater.server.route;

import io.breakwater.server.route.PathIndex.Entry;
import io.breakwater.server.route.PathIndex.Node;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The routes of one {@code host} of the configuration, or those without one, by path. Is filled with {@link #add} and
 * then built once.
 */
final class HostRoutes<P> {

    private final List<Entry<P>> added = new ArrayList<>();
    private PathIndex<P> paths = new PathIndex<>(0);
    private PathIndex<P> prefixes = new PathIndex<>(0);
    private int longestKey;

    /** Adds a route behind those that were added before. */
    void add(int order, Route<P> route) {
        added.add(new Entry<>(order, route));
    }

    /** Builds the indexes, of the size that the routes need. */
    void build() {
        paths = new PathIndex<>(added.size());
        prefixes = new PathIndex<>(added.size());
        for (Entry<P> entry : added) {
            String path = entry.route.path();
            String key = path != null ? path : withoutSlash(entry.route.prefix());
            (path != null ? paths : prefixes).add(key, entry);
            longestKey = Math.max(longestKey, key.length());
        }
        added.clear();
    }

    /**
     * Returns the first of these routes behind the order {@code after} that takes this path and method (null: any), if
     * it stands before {@code best}, else {@code best}.
     */
    @Nullable
    Entry<P> earlier(@Nullable Entry<P> best, @Nullable String method, CharSequence path, int after) {
        if (path.length() == 1 && path.charAt(0) == '*') {
            return earlier(best, prefixes.find("", 0, 0), method, after);
        }
        Entry<P> first = best;
        int hash = 0;
        int end = Math.min(path.length(), longestKey + 1);
        for (int i = 0; i < end; i++) {
            char c = path.charAt(i);
            if (c == '/') {
                first = earlier(first, prefixes.find(path, i, hash), method, after);
            }
            hash = 31 * hash + c;
        }
        if (end == path.length()) {
            first = earlier(first, prefixes.find(path, end, hash), method, after);
            first = earlier(first, paths.find(path, end, hash), method, after);
        }
        return first;
    }

    private static <P> @Nullable Entry<P> earlier(
            @Nullable Entry<P> best, @Nullable Node<P> node, @Nullable String method, int after) {
        Entry<P> found = node == null ? null : node.first(method, after);
        return found != null && (best == null || found.order < best.order) ? found : best;
    }

    /** A route without path and prefix takes every path, as the prefix {@code /} does. */
    private static String withoutSlash(@Nullable String prefix) {
        if (prefix == null) {
            return "";
        }
        return prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
    }
}
