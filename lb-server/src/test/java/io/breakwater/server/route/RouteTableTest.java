package io.breakwater.server.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.breakwater.server.config.RouteConfig;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteTableTest {
    @ParameterizedTest(name = "prefix {0} takes {1}: {2}")
    @CsvSource({
        "/cart, /cart, true",
        "/cart, /cart/, true",
        "/cart, /cart/x, true",
        "/cart, /cartx, false",
        "/cart, /car, false",
        "/cart, /x/cart, false",
        "/cart, /CART, false",
        "/cart, /, false",
        "/cart/, /cart/, true",
        "/cart/, /cart/x/y, true",
        "/cart/, /cart, true",
        "/cart/, /cartx, false",
        "/, /, true",
        "/, /x, true",
        "/, //, true",
        "/, *, true",
        "/cart, *, false",
        "/a/b, /a/b/c, true",
        "/a/b, /a/bc, false",
        "/a//b, /a//b/c, true",
        "/a, //a, false",
        "/%41, /A, false"
    })
    void matchesWholeSegments(String prefix, String path, boolean matches) {
        assertThat(table(prefix(prefix)).match("GET", "", path) != null).isEqualTo(matches);
    }

    @ParameterizedTest(name = "path {0} takes {1}: {2}")
    @CsvSource({
        "/a, /a, true",
        "/a, /a/, false",
        "/a, /a/b, false",
        "/a, /b, false",
        "/a/, /a/, true",
        "/a/, /a, false",
        "/, /, true",
        "/, *, false",
        "/, /a, false"
    })
    void matchesAPathByteForByte(String path, String requested, boolean matches) {
        assertThat(table(path(path)).match("GET", "", requested) != null).isEqualTo(matches);
    }

    @Test
    void takesTheFirstInTheOrderOfTheFile() {
        RouteTable<String> table = table(
                route("first", null, "/a", Set.of("PUT")),
                route("second", null, "/", Set.of("GET")),
                route("third", "/a/b", null, Set.of()),
                route("fourth", null, "/a", Set.of()));

        assertThat(name(table.match("PUT", "", "/a/b"))).isEqualTo("first");
        assertThat(name(table.match("GET", "", "/a/b"))).isEqualTo("second");
        assertThat(name(table.match("POST", "", "/a/b"))).isEqualTo("third");
        assertThat(name(table.match("POST", "", "/a/c"))).isEqualTo("fourth");
        assertThat(table.match("POST", "", "/b")).isNull();
    }

    @Test
    void listsTheMethodsOfEveryRouteThatTakesThePath() {
        RouteTable<String> table = table(
                route("a", "/a", null, Set.of("PUT")),
                route("b", null, "/", Set.of("GET")),
                route("c", "/b", null, Set.of("DELETE")),
                route("d", null, "/a", Set.of("GET")));

        assertThat(table.allow("", "/a")).isEqualTo("PUT, GET");
        assertThat(table.allow("", "/b")).isEqualTo("GET, DELETE");
        assertThat(table(path("/a")).allow("", "/b")).isNull();
    }

    @Test
    void takesEveryMethodWhereNoneIsListed() {
        assertThat(table(path("/a")).match("BREW", "", "/a")).isNotNull();
    }

    @Test
    void takesNothingWithoutRoutes() {
        assertThat(table().match("GET", "", "/")).isNull();
        assertThat(table().allow("", "/")).isNull();
    }

    @ParameterizedTest(name = "{0} {1} rewritten to {2}: {3} becomes {4}")
    @CsvSource({
        "path, /api/resource, /backend/resource, /api/resource, /backend/resource",
        "path, /a, , /a, /a",
        "prefix, /cart, /shop, /cart, /shop",
        "prefix, /cart, /shop, /cart/, /shop/",
        "prefix, /cart, /shop, /cart/x, /shop/x",
        "prefix, /cart, /shop/, /cart, /shop/",
        "prefix, /cart, /shop/, /cart/x, /shop/x",
        "prefix, /cart/, /shop, /cart/, /shop/",
        "prefix, /cart/, /shop, /cart/x, /shop/x",
        "prefix, /cart/, /shop/, /cart/, /shop/",
        "prefix, /cart/, /shop/, /cart/x, /shop/x",
        "prefix, /, /v1, /, /v1/",
        "prefix, /, /v1, /x, /v1/x",
        "prefix, /, /v1/, /x, /v1/x",
        "prefix, /, /, /x, /x",
        "prefix, /a, /, /a, /",
        "prefix, /a, /, /a/b, /b",
        "prefix, /a, , /a/b, /a/b",
        "host, any, /v1, /x, /v1/x",
        "host, any, /, /x, /x",
        "host, any, , /x, /x",
        "strip, /cart, , /cart, /",
        "strip, /cart, , /cart/, /",
        "strip, /cart, , /cart/x, /x",
        "strip, /cart/, , /cart/, /",
        "strip, /cart/, , /cart/x/, /x/",
        "strip, /cart, , /cart//x, //x",
        "strip, /, , /x, /x"
    })
    void rewrites(String kind, String match, @Nullable String rewrite, String path, String expected) {
        Route<String> route = new Route<>(
                new RouteConfig(
                        "r",
                        kind.equals("host") ? "example.com" : null,
                        kind.equals("path") ? match : null,
                        kind.equals("path") || kind.equals("host") ? null : match,
                        Set.of(),
                        "p",
                        rewrite,
                        kind.equals("strip")),
                "p");

        String prefix = new String(route.pathPrefix(), java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(prefix + path.substring(route.cutPathBytes(path))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "host {0} takes {1}: {2}")
    @CsvSource({
        "shop.example.com, shop.example.com, true",
        "shop.example.com, SHOP.Example.COM, true",
        "Shop.Example.com, shop.example.com, true",
        "shop.example.com, shop.example.com:8080, true",
        "shop.example.com, shop.example.com:, true",
        "shop.example.com, shop.example.com., true",
        "shop.example.com, shop.example.com.:80, true",
        "shop.example.com, shop.example.com.., false",
        "shop.example.com, a.shop.example.com, false",
        "shop.example.com, example.com, false",
        "shop.example.com, shop.example.co, false",
        "shop.example.com, ashop.example.com, false",
        "shop.example.com, '', false",
        "shop.example.com, '.', false",
        "shop.example.com, ':80', false",
        "shop.example.com, '[::1]:80', false",
        "localhost, localhost:3000, true",
        "10.0.0.1, 10.0.0.1, true",
        "10.0.0.1, 10.0.0.1:80, true",
        "10.0.0.1, 10.0.0.11, false",
        "*.example.com, a.example.com, true",
        "*.example.com, A.EXAMPLE.com.:81, true",
        "*.example.com, a.b.c.example.com, true",
        "*.example.com, example.com, false",
        "*.example.com, .example.com, false",
        "*.example.com, aexample.com, false",
        "*.example.com, a.example.org, false",
        "*.example.com, a.example.com.org, false",
        "*.com, a.com, true",
        "*.com, com, false"
    })
    void matchesHostsByName(String pattern, String host, boolean matches) {
        RouteTable<String> table = table(hostRoute("r", pattern, null, null, Set.of()));

        assertThat(table.match("GET", host, "/any/path") != null).isEqualTo(matches);
        assertThat(table.match("OPTIONS", host, "*") != null).isEqualTo(matches);
    }

    @Test
    void takesTheFirstInTheOrderOfTheFileOverHostsOfEveryKind() {
        RouteTable<String> table = table(
                hostRoute("below", "*.example.com", null, "/a", Set.of("GET")),
                hostRoute("exact", "shop.example.com", "/a", null, Set.of()),
                hostRoute("any", null, null, "/a", Set.of()),
                hostRoute("late", "shop.example.com", null, null, Set.of()));

        assertThat(name(table.match("GET", "shop.example.com", "/a"))).isEqualTo("below");
        assertThat(name(table.match("PUT", "shop.example.com", "/a"))).isEqualTo("exact");
        assertThat(name(table.match("PUT", "other.example.com", "/a"))).isEqualTo("any");
        assertThat(name(table.match("PUT", "shop.example.com", "/b"))).isEqualTo("late");
        assertThat(table.match("PUT", "other.example.com", "/b")).isNull();
        assertThat(name(table.match("GET", "", "/a"))).isEqualTo("any");
    }

    @Test
    void allowsWhatRoutesOfTheHostTake() {
        RouteTable<String> table = table(
                hostRoute("a", "*.example.com", "/a", null, Set.of("PUT")),
                hostRoute("b", "a.example.com", "/a", null, Set.of("GET")),
                hostRoute("c", "b.example.com", "/a", null, Set.of("DELETE")));

        assertThat(table.allow("a.example.com", "/a")).isEqualTo("PUT, GET");
        assertThat(table.allow("c.example.com", "/a")).isEqualTo("PUT");
        assertThat(table.allow("example.com", "/a")).isNull();
    }

    @Test
    void agreesWithALinearSearch() {
        SplittableRandom random = seeded();
        int matched = 0;
        int asked = 0;
        for (int round = 0; round < 3_000; round++) {
            List<RouteConfig> configs = randomRoutes(random, random.nextInt(16), RouteTableTest::randomPath);
            RouteTable<String> table = table(configs.toArray(RouteConfig[]::new));
            for (int i = 0; i < 50; i++) {
                String path = random.nextInt(50) == 0 ? "*" : randomPath(random);
                asked++;
                matched += agree(table, configs, random, path) ? 1 : 0;
            }
        }
        assertThat(matched).isBetween(asked / 10, asked * 9 / 10);
    }

    @Test
    void tenThousandRoutesAgreeWithALinearSearch() {
        SplittableRandom random = seeded();
        Function<SplittableRandom, String> paths = r -> "/" + r.nextInt(30) + "/" + r.nextInt(30);
        List<RouteConfig> configs = randomRoutes(random, 10_000, paths);
        RouteTable<String> table = table(configs.toArray(RouteConfig[]::new));
        int matched = 0;
        for (int i = 0; i < 500; i++) {
            matched += agree(table, configs, random, paths.apply(random) + (random.nextBoolean() ? "" : "/x")) ? 1 : 0;
        }
        assertThat(matched).isBetween(50, 500);
    }

    /** Whatever a search compares, it has to read; so few characters are not those of ten thousand hosts and paths. */
    @Test
    void aLookupReadsNoMoreForTenThousandRoutesThanForTen() {
        assertThat(charactersRead(10_000)).isLessThanOrEqualTo(charactersRead(10));
    }

    /** Of a lookup that every kind of route takes part in, and that only the last one of the table takes. */
    private static int charactersRead(int routes) {
        List<RouteConfig> configs = new ArrayList<>();
        for (int i = 1; i < routes; i++) {
            String number = String.valueOf(10_000 + i);
            switch (i % 4) {
                case 0 -> configs.add(hostRoute("r" + i, number + ".example.com", null, null, Set.of()));
                case 1 -> configs.add(hostRoute("r" + i, "*." + number + ".com", "/cart/items", null, Set.of()));
                case 2 -> configs.add(hostRoute("r" + i, null, null, "/cart/" + number, Set.of()));
                default -> configs.add(hostRoute("r" + i, "shop.example.com", "/cart/" + number, null, Set.of()));
            }
        }
        configs.add(hostRoute("last", "shop.example.com", "/cart/items", null, Set.of("GET")));
        Counted host = new Counted("shop.example.com:8080");
        Counted path = new Counted("/cart/items");
        assertThat(name(table(configs.toArray(RouteConfig[]::new)).match("GET", host, path)))
                .isEqualTo("last");
        return host.read + path.read;
    }

    @Test
    void aLookupMakesNoGarbage() {
        List<RouteConfig> configs = randomRoutes(seeded(), 1_000, RouteTableTest::randomPath);
        RouteTable<String> table = table(configs.toArray(RouteConfig[]::new));
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int times = 10_000;
        lookUp(table, times);
        long before = threads.getCurrentThreadAllocatedBytes();

        int matched = lookUp(table, times);

        // Not a byte for each; some for what the virtual machine itself does on this thread meanwhile.
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(64 * 1024);
        assertThat(matched).isPositive();
    }

    private static int lookUp(RouteTable<String> table, int times) {
        int matched = 0;
        for (int i = 0; i < times; i++) {
            matched += table.match("GET", "A.b.c.:8080", "/a/b/a/b/a") == null ? 0 : 1;
            matched += table.match("BREW", "nowhere.else", "/x") == null ? 0 : 1;
        }
        return matched;
    }

    /** Asks both for a random method and host, and returns whether there was a route. */
    private static boolean agree(
            RouteTable<String> table, List<RouteConfig> configs, SplittableRandom random, String path) {
        String host = randomHost(random);
        String written = written(host, random);
        String method = random.nextBoolean() ? "GET" : "PUT";
        String expected = linearSearch(configs, method, host, path);
        if (!Objects.equals(name(table.match(method, written, path)), expected)) {
            assertThat(name(table.match(method, written, path)))
                    .as(shown(configs) + method + " " + written + " " + path)
                    .isEqualTo(expected);
        }
        assertThat(table.allow(written, path))
                .as("Allow for %s %s", written, path)
                .isEqualTo(linearAllow(configs, host, path));
        return expected != null;
    }

    private static String shown(List<RouteConfig> configs) {
        return configs.size() > 20 ? "" : configs + " ";
    }

    private static SplittableRandom seeded() {
        long seed = Long.getLong("seed", 20_261_103L);
        System.out.println("RouteTableTest seed " + seed);
        return new SplittableRandom(seed);
    }

    private static List<RouteConfig> randomRoutes(
            SplittableRandom random, int count, Function<SplittableRandom, String> paths) {
        List<RouteConfig> configs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String host = random.nextInt(3) == 0 ? null : (random.nextBoolean() ? "*." : "") + randomHost(random);
            String text = host != null && random.nextInt(4) == 0 ? null : paths.apply(random);
            boolean exact = random.nextBoolean();
            configs.add(hostRoute("r" + i, host, exact ? text : null, exact ? null : text, randomMethods(random)));
        }
        return configs;
    }

    private static @Nullable String linearSearch(List<RouteConfig> configs, String method, String host, String path) {
        for (RouteConfig config : configs) {
            if (takes(config, host, path)
                    && (config.methods().isEmpty() || config.methods().contains(method))) {
                return config.name();
            }
        }
        return null;
    }

    private static @Nullable String linearAllow(List<RouteConfig> configs, String host, String path) {
        Set<String> methods = new LinkedHashSet<>();
        for (RouteConfig config : configs) {
            if (takes(config, host, path)) {
                methods.addAll(config.methods());
            }
        }
        return methods.isEmpty() ? null : String.join(", ", methods);
    }

    private static boolean takes(RouteConfig config, String host, String path) {
        return takesHost(config.host(), host) && takesPath(config, path);
    }

    private static boolean takesHost(@Nullable String pattern, String host) {
        if (pattern == null) {
            return true;
        }
        return pattern.startsWith("*.") ? host.endsWith(pattern.substring(1)) : host.equals(pattern);
    }

    private static boolean takesPath(RouteConfig config, String path) {
        if (config.path() != null) {
            return path.equals(config.path());
        }
        String prefix = config.prefix();
        if (prefix == null || prefix.equals("/")) {
            return true;
        }
        String segments = prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
        return path.equals(segments) || path.startsWith(segments + "/");
    }

    private static String randomPath(SplittableRandom random) {
        StringBuilder path = new StringBuilder("/");
        int pieces = random.nextInt(6);
        for (int i = 0; i < pieces; i++) {
            path.append("ab/".charAt(random.nextInt(3)));
        }
        return path.toString();
    }

    /** One to four labels of three. */
    private static String randomHost(SplittableRandom random) {
        StringBuilder host = new StringBuilder();
        int labels = 1 + random.nextInt(4);
        for (int i = 0; i < labels; i++) {
            host.append(i == 0 ? "" : ".").append("abc".charAt(random.nextInt(3)));
        }
        return host.toString();
    }

    /** The host as a client may write it. */
    private static String written(String host, SplittableRandom random) {
        return (random.nextBoolean() ? host : host.toUpperCase(Locale.ROOT))
                + (random.nextInt(4) == 0 ? "." : "")
                + (random.nextInt(3) == 0 ? ":" + random.nextInt(65_536) : "");
    }

    private static Set<String> randomMethods(SplittableRandom random) {
        Set<String> methods = new TreeSet<>();
        if (random.nextBoolean()) {
            methods.add(random.nextBoolean() ? "GET" : "PUT");
            methods.add(random.nextBoolean() ? "GET" : "POST");
        }
        return methods;
    }

    private static RouteTable<String> table(RouteConfig... configs) {
        List<Route<String>> routes = new ArrayList<>();
        for (RouteConfig config : configs) {
            routes.add(new Route<>(config, config.pool()));
        }
        return new RouteTable<>(routes);
    }

    private static RouteConfig path(String path) {
        return route("r", path, null, Set.of());
    }

    private static RouteConfig prefix(String prefix) {
        return route("r", null, prefix, Set.of());
    }

    private static RouteConfig route(String name, @Nullable String path, @Nullable String prefix, Set<String> methods) {
        return hostRoute(name, null, path, prefix, methods);
    }

    private static RouteConfig hostRoute(
            String name, @Nullable String host, @Nullable String path, @Nullable String prefix, Set<String> methods) {
        return new RouteConfig(name, host, path, prefix, methods, "p", null, false);
    }

    private static @Nullable String name(@Nullable Route<String> route) {
        return route == null ? null : route.name();
    }

    /** A text that counts how often a character of it is read. */
    private static final class Counted implements CharSequence {
        private final String text;
        private int read;

        private Counted(String text) {
            this.text = text;
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            read++;
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            throw new UnsupportedOperationException("a lookup makes no texts");
        }

        @Override
        public String toString() {
            throw new UnsupportedOperationException("a lookup makes no texts");
        }
    }
}
