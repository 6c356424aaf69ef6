package io.breakwater.server.route;

import io.breakwater.server.route.PathIndex.Entry;
import io.breakwater.server.route.PathIndex.Node;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The routes in the order of the file. A {@code path} takes a request's path that is the same byte for byte; a
 * {@code prefix} takes whole segments: {@code /cart}, and just so {@code /cart/}, takes {@code /cart} and {@code /cart/x}
 * but not {@code /cartx}, and {@code /} takes everything, {@code OPTIONS *} too. A lookup costs what the path
 * has segments, however many routes there are. Immutable, safe from any thread.
 */
public final class RouteTable<P> {
    private static final int NONE = -1;

    private final PathIndex<P> paths;
    private final PathIndex<P> prefixes;
    private final int longestKey;

    public RouteTable(List<Route<P>> routes) {
        this.paths = new PathIndex<>(routes.size());
        this.prefixes = new PathIndex<>(routes.size());
        int longest = 0;
        for (int order = 0; order < routes.size(); order++) {
            longest = Math.max(longest, index(order, routes.get(order)));
        }
        this.longestKey = longest;
    }

    /** Returns the first route that takes this method and path, or null. Allocates nothing. */
    public @Nullable Route<P> match(String method, CharSequence path) {
        Entry<P> first = first(method, path, NONE);
        return first == null ? null : first.route;
    }

    /** Returns the value of Allow for a path that some route takes with other methods, or null when no route takes it. */
    public @Nullable String allow(CharSequence path) {
        Set<String> methods = new LinkedHashSet<>();
        for (Entry<P> next = first(null, path, NONE); next != null; next = first(null, path, next.order)) {
            next.route.methods().forEach(methods::add);
        }
        return methods.isEmpty() ? null : String.join(", ", methods);
    }

    private int index(int order, Route<P> route) {
        String path = route.path();
        String prefix = route.prefix();
        int length = 0;
        if (path != null) {
            paths.add(path, order, route);
            length = path.length();
        }
        if (prefix != null) {
            String segments = prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
            prefixes.add(segments, order, route);
            length = Math.max(length, segments.length());
        }
        return length;
    }

    /** Returns the first entry behind the order {@code after} that takes this path and method (null: any), or null. */
    private @Nullable Entry<P> first(@Nullable String method, CharSequence path, int after) {
        if (path.length() == 1 && path.charAt(0) == '*') {
            return earlier(null, prefixes.find("", 0, 0), method, after);
        }
        Entry<P> best = null;
        int hash = 0;
        int end = Math.min(path.length(), longestKey + 1);
        for (int i = 0; i < end; i++) {
            char c = path.charAt(i);
            if (c == '/') {
                best = earlier(best, prefixes.find(path, i, hash), method, after);
            }
            hash = 31 * hash + c;
        }
        if (end == path.length()) {
            best = earlier(best, prefixes.find(path, end, hash), method, after);
            best = earlier(best, paths.find(path, end, hash), method, after);
        }
        return best;
    }

    private static <P> @Nullable Entry<P> earlier(
            @Nullable Entry<P> best, @Nullable Node<P> node, @Nullable String method, int after) {
        Entry<P> found = node == null ? null : node.first(method, after);
        return found != null && (best == null || found.order < best.order) ? found : best;
    }
}
