package io.breakwater.server.forwarding;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The host that a request names, on the wire, and the route that it gets. */
@Timeout(60)
class HostRoutingTest {
    private final ScriptedBackend shop = ScriptedBackend.start().answer(Answers.ok("shop"));
    private final ScriptedBackend other = ScriptedBackend.start().answer(Answers.ok("other"));
    private final Proxy proxy = Proxy.start(Conf.everything(
            other.url(),
            "lb.pools.shop.backends = [\"" + shop.url() + "\"]",
            "lb.routes = [",
            "  { host = \"shop.example.com\", pool = shop, methods = [GET] }",
            "  { host = \"*.example.org\", prefix = \"/shop\", pool = shop, rewrite = \"/\" }",
            "  { path = \"/\", pool = default }",
            "]"));

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        shop.close();
        other.close();
    }

    @ParameterizedTest(name = "{0} to {1}: {2}")
    @CsvSource({
        "/, shop.example.com, shop",
        "/any, Shop.Example.COM.:8080, shop",
        "/, example.com, other",
        "/, [::1]:3000, other",
        "/shop/x, a.b.example.org, shop",
        "/, a.example.org, other",
        "http://shop.example.com/, example.net, shop",
        "http://example.net/, shop.example.com, other",
        "http://SHOP.example.com:81, example.net, shop",
    })
    void theTargetsHostWinsElseTheFieldDecides(String target, String host, String answeredBy) {
        HttpMessage response = proxy.request("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text()).isEqualTo(answeredBy);
    }

    @Test
    void aRequestWithoutHostGetsARouteWithoutHost() {
        assertThat(proxy.request("GET / HTTP/1.0\r\n\r\n").text()).isEqualTo("other");
        assertThat(proxy.request("GET /shop HTTP/1.0\r\n\r\n").status()).isEqualTo(404);
    }

    @Test
    void allowNamesTheMethodsOfTheHostsRoutes() {
        HttpMessage refused = proxy.request("PUT /any HTTP/1.1\r\nHost: shop.example.com\r\n\r\n");

        assertThat(refused.status()).isEqualTo(405);
        assertThat(refused.field("Allow")).isEqualTo("GET");
        assertThat(proxy.request("PUT /any HTTP/1.1\r\nHost: example.com\r\n\r\n")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void thePrefixOfAWildcardIsRewritten() {
        proxy.request("GET /shop/x?y HTTP/1.1\r\nHost: a.example.org\r\n\r\n");

        assertThat(shop.onlyRequest().target()).isEqualTo("/x?y");
    }
}
