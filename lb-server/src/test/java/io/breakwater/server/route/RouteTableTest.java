package io.breakwater.server.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.config.RouteConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
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
                        null,
                        kind.equals("path") ? match : null,
                        kind.equals("path") ? null : match,
                        Set.of(),
                        "p",
                        rewrite,
                        kind.equals("strip")),
                "p");

        String prefix = new String(route.pathPrefix(), java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(prefix + path.substring(route.cutPathBytes(path))).isEqualTo(expected);
    }

    @Test
    void agreesWithALinearSearch() {
        long seed = Long.getLong("seed", 20_261_103L);
        System.out.println("RouteTableTest seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        int matched = 0;
        int asked = 0;
        for (int round = 0; round < 2_000; round++) {
            List<RouteConfig> configs = new ArrayList<>();
            int count = random.nextInt(12);
            for (int i = 0; i < count; i++) {
                boolean exact = random.nextBoolean();
                String text = randomPath(random);
                configs.add(route("r" + i, exact ? text : null, exact ? null : text, randomMethods(random)));
            }
            RouteTable<String> table = table(configs.toArray(RouteConfig[]::new));
            for (int i = 0; i < 50; i++) {
                String path = random.nextInt(50) == 0 ? "*" : randomPath(random);
                String method = random.nextBoolean() ? "GET" : "PUT";
                String expected = linearSearch(configs, method, path);
                asked++;
                matched += expected == null ? 0 : 1;

                assertThat(name(table.match(method, "", path)))
                        .as(configs + " " + method + " " + path)
                        .isEqualTo(expected);
                assertThat(table.allow("", path)).as(configs + " " + path).isEqualTo(linearAllow(configs, path));
            }
        }
        assertThat(matched).isBetween(asked / 10, asked * 9 / 10);
    }

    private static @Nullable String linearSearch(List<RouteConfig> configs, String method, String path) {
        for (RouteConfig config : configs) {
            if (takes(config, path)
                    && (config.methods().isEmpty() || config.methods().contains(method))) {
                return config.name();
            }
        }
        return null;
    }

    private static @Nullable String linearAllow(List<RouteConfig> configs, String path) {
        List<String> methods = new ArrayList<>();
        for (RouteConfig config : configs) {
            if (takes(config, path)) {
                config.methods().stream().filter(m -> !methods.contains(m)).forEach(methods::add);
            }
        }
        return methods.isEmpty() ? null : String.join(", ", methods);
    }

    private static boolean takes(RouteConfig config, String path) {
        String prefix = config.prefix();
        if (prefix == null) {
            return path.equals(config.path());
        }
        if (prefix.equals("/")) {
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
        return new RouteConfig(name, null, path, prefix, methods, "p", null, false);
    }

    private static @Nullable String name(@Nullable Route<String> route) {
        return route == null ? null : route.name();
    }
}
