package io.breakwater.server.route;

import io.breakwater.server.config.RouteConfig;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where requests of one kind go, and what their path becomes. Immutable, safe from any thread.
 *
 * @param <P> what a route leads to: the pool
 */
public final class Route<P> {
    private final RouteConfig config;
    private final P pool;
    private final byte[] pathPrefix;
    private final int cut;

    public Route(RouteConfig config, P pool) {
        this.config = config;
        this.pool = pool;
        String rewrite = config.stripPrefix() ? "/" : config.rewrite();
        this.pathPrefix = (rewrite == null ? "" : rewrite).getBytes(StandardCharsets.ISO_8859_1);
        this.cut = rewrite == null ? 0 : cut(config, rewrite);
    }

    public String name() {
        return config.name();
    }

    public P pool() {
        return pool;
    }

    /**
     * How many bytes at the start of this path are replaced by {@link #pathPrefix()}. A path that is rewritten is
     * replaced whole. Of a prefix (of {@code /}, if the route has a host alone) as much goes that one slash stands where
     * it met the rest, however the prefix and its rewrite end: {@code /cart/x} with {@code /cart} or {@code /cart/}
     * rewritten to {@code /shop} or {@code /shop/} is {@code /shop/x}.
     */
    public int cutPathBytes(CharSequence path) {
        return Math.min(cut, path.length());
    }

    /** What stands in their place; empty when nothing is put in. To strip a prefix is to rewrite it to a slash. */
    public byte[] pathPrefix() {
        return pathPrefix;
    }

    @Nullable
    String host() {
        return config.host();
    }

    @Nullable
    String path() {
        return config.path();
    }

    @Nullable
    String prefix() {
        return config.prefix();
    }

    boolean takesMethod(String method) {
        return config.methods().isEmpty() || config.methods().contains(method);
    }

    Iterable<String> methods() {
        return config.methods();
    }

    private static int cut(RouteConfig config, String rewrite) {
        if (config.path() != null) {
            return Integer.MAX_VALUE;
        }
        String prefix = config.prefix() == null ? "/" : config.prefix();
        int withoutSlash = prefix.endsWith("/") ? prefix.length() - 1 : prefix.length();
        return rewrite.endsWith("/") ? withoutSlash + 1 : withoutSlash;
    }
}
