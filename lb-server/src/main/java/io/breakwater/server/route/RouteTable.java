package io.breakwater.server.route;

import io.breakwater.server.route.PathIndex.Entry;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The routes in the order of the file; the first that takes a request gets it, of whatever kind it and the others are.
 *
 * <p>A {@code host} takes requests that name it, in any case and with any port; {@code *.x} takes every name below
 * {@code x}, however deep, but not {@code x} itself; a route without one takes every host. A {@code path} takes a
 * request's path that is the same byte for byte; a {@code prefix} takes whole segments: {@code /cart}, and just so
 * {@code /cart/}, takes {@code /cart} and {@code /cart/x} but not {@code /cartx}, and {@code /} takes everything,
 * {@code OPTIONS *} too, as a route with a host alone does.
 *
 * <p>A lookup costs what the host has labels times what the path has segments, however many routes there are. Immutable,
 * safe from any thread.
 */
public final class RouteTable<P> {
    private static final int NONE = -1;
    private static final String WILDCARD = "*.";

    private final HostRoutes<P> ofAnyHost = new HostRoutes<>();
    private final HostIndex<HostRoutes<P>> ofHost;
    /** Under {@code x} the routes whose host is {@code *.x}. */
    private final HostIndex<HostRoutes<P>> ofHostsBelow;

    private final int longestHost;

    public RouteTable(List<Route<P>> routes) {
        this.ofHost = new HostIndex<>(routes.size());
        this.ofHostsBelow = new HostIndex<>(routes.size());
        Set<HostRoutes<P>> all = new LinkedHashSet<>();
        for (int order = 0; order < routes.size(); order++) {
            HostRoutes<P> those = routesOf(routes.get(order).host());
            those.add(order, routes.get(order));
            all.add(those);
        }
        all.forEach(HostRoutes::build);
        this.longestHost = Math.max(ofHost.longest(), ofHostsBelow.longest() + 1);
    }

    /**
     * Returns the first route that takes this method, host and path, or null. Allocates nothing.
     *
     * @param host that the request names, {@code HOST[:PORT]}; may be empty
     */
    public @Nullable Route<P> match(String method, CharSequence host, CharSequence path) {
        Entry<P> first = first(method, host, path, NONE);
        return first == null ? null : first.route;
    }

    /**
     * Returns the value of Allow for a host and path that some route takes with other methods, or null when no route
     * takes them.
     */
    public @Nullable String allow(CharSequence host, CharSequence path) {
        Set<String> methods = new LinkedHashSet<>();
        for (Entry<P> next = first(null, host, path, NONE); next != null; next = first(null, host, path, next.order)) {
            next.route.methods().forEach(methods::add);
        }
        return methods.isEmpty() ? null : String.join(", ", methods);
    }

    private HostRoutes<P> routesOf(@Nullable String host) {
        if (host == null) {
            return ofAnyHost;
        }
        return host.startsWith(WILDCARD)
                ? ofHostsBelow.computeIfAbsent(host.substring(WILDCARD.length()), HostRoutes::new)
                : ofHost.computeIfAbsent(host, HostRoutes::new);
    }

    /** Returns the first entry behind the order {@code after} that takes these and the method (null: any), or null. */
    private @Nullable Entry<P> first(@Nullable String method, CharSequence host, CharSequence path, int after) {
        Entry<P> first = ofAnyHost.earlier(null, method, path, after);
        int end = nameEnd(host);
        // What is in front of the longest name that is looked for cannot be part of one.
        int start = Math.max(0, end - longestHost);
        int hash = HostIndex.EMPTY;
        for (int i = end - 1; i >= start; i--) {
            char c = host.charAt(i);
            if (c == '.' && i > 0) {
                first = earlier(first, ofHostsBelow.find(host, i + 1, end, hash), method, path, after);
            }
            hash = HostIndex.hash(hash, c);
        }
        return start == 0 ? earlier(first, ofHost.find(host, 0, end, hash), method, path, after) : first;
    }

    private static <P> @Nullable Entry<P> earlier(
            @Nullable Entry<P> best,
            @Nullable HostRoutes<P> routes,
            @Nullable String method,
            CharSequence path,
            int after) {
        return routes == null ? best : routes.earlier(best, method, path, after);
    }

    /** Where the name ends in {@code HOST[:PORT]}: before the port, and before one dot at the end of the name. */
    private static int nameEnd(CharSequence host) {
        int end = host.length();
        int digits = end;
        while (digits > 0 && host.charAt(digits - 1) >= '0' && host.charAt(digits - 1) <= '9') {
            digits--;
        }
        if (digits > 0 && host.charAt(digits - 1) == ':') {
            end = digits - 1;
        }
        return end > 0 && host.charAt(end - 1) == '.' ? end - 1 : end;
    }
}
