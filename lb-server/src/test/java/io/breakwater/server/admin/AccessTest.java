package io.breakwater.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.breakwater.server.admin.Access.Exposure;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTest {
    private static final String TOKEN = "s3cret";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "localhost:9901",
                "LocalHost:1",
                "127.0.0.1",
                "127.0.0.1:9901",
                "[::1]",
                "[::1]:9901"
            })
    void loopbackPortAnswersToNamesOfThisMachine(String host) {
        Access access = new Access(true, "");

        for (Exposure exposure : Exposure.values()) {
            assertThat(access.refuse(exposure, request(host, null))).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:9901",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "evil.example:9901@localhost",
                "localhost:",
                "localhost:x",
                "localhost.",
                "127.0.0.2",
                "::1",
                "[::1",
                "[::1].evil",
                ""
            })
    void loopbackPortRefusesOtherNamesExceptToProbesAndScrapers(String host) {
        Access access = new Access(true, "");

        assertThat(status(access.refuse(Exposure.OPERATOR, request(host, null))))
                .isEqualTo(403);
        assertThat(status(access.refuse(Exposure.BROWSER, request(host, null)))).isEqualTo(403);
        assertThat(access.refuse(Exposure.ANYONE, request(host, null))).isNull();
    }

    @Test
    void loopbackPortRefusesARequestWithoutHost() {
        assertThat(status(new Access(true, "").refuse(Exposure.OPERATOR, request(null, null))))
                .isEqualTo(403);
    }

    @Test
    void loopbackPortNeedsNoTokenForReads() {
        assertThat(new Access(true, TOKEN).refuse(Exposure.OPERATOR, request("localhost", null)))
                .isNull();
    }

    @ParameterizedTest
    @EnumSource(value = Exposure.class, mode = EnumSource.Mode.EXCLUDE, names = "WRITE")
    void otherPortWithoutATokenAnswersEverybody(Exposure exposure) {
        assertThat(new Access(false, "").refuse(exposure, request("lb.example", null)))
                .isNull();
    }

    @ParameterizedTest
    @CsvSource({"ANYONE, false", "BROWSER, false", "OPERATOR, true"})
    void otherPortWithATokenKeepsOperatorsMattersToThoseWhoShowIt(Exposure exposure, boolean refused) {
        Access access = new Access(false, TOKEN);

        assertThat(access.refuse(exposure, request("lb.example", null)) != null).isEqualTo(refused);
        assertThat(access.refuse(exposure, request("lb.example", "Bearer " + TOKEN)))
                .isNull();
        assertThat(access.refuse(exposure, request("lb.example", "bearer " + TOKEN)))
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Bearer wrong",
                "Bearer s3cre",
                "Bearer s3cret2",
                "Bearer  s3cret",
                "Bearer",
                "Basic s3cret",
                "s3cret"
            })
    void wrongTokenIs401(String authorization) {
        Answer refusal = new Access(false, TOKEN).refuse(Exposure.OPERATOR, request("lb.example", authorization));

        assertThat(refusal).isNotNull();
        assertThat(refusal.status().code()).isEqualTo(401);
        assertThat(refusal.fields()).containsEntry(HttpHeaderNames.WWW_AUTHENTICATE.toString(), "Bearer");
    }

    /**
     * Every combination for a write: where the port is bound, whether a token is set, by which name it was asked, who
     * sent it, and what it shows. What comes first decides: Host, Origin, token.
     */
    @ParameterizedTest
    @MethodSource("writes")
    void writes(boolean loopback, boolean tokenSet, Name name, From from, Shown shown) {
        int expected;
        if (loopback && name == Name.FOREIGN) {
            expected = 403;
        } else if (from == From.FOREIGN || from == From.NULL) {
            expected = 403;
        } else if (tokenSet) {
            expected = shown == Shown.RIGHT ? 200 : 401;
        } else {
            expected = loopback ? 200 : 403;
        }

        Answer refusal = new Access(loopback, tokenSet ? TOKEN : "").refuse(Exposure.WRITE, write(name, from, shown));

        assertThat(status(refusal)).isEqualTo(expected);
        assertThat(refusal == null ? null : refusal.fields().get("www-authenticate"))
                .isEqualTo(expected == 401 ? "Bearer" : null);
    }

    private static Stream<Arguments> writes() {
        List<Arguments> all = new ArrayList<>();
        for (boolean loopback : new boolean[] {true, false}) {
            for (boolean tokenSet : new boolean[] {true, false}) {
                for (Name name : Name.values()) {
                    for (From from : From.values()) {
                        for (Shown shown : Shown.values()) {
                            all.add(arguments(loopback, tokenSet, name, from, shown));
                        }
                    }
                }
            }
        }
        return all.stream();
    }

    private enum Name {
        OURS,
        FOREIGN
    }

    private enum From {
        NO_BROWSER,
        SAME_ORIGIN,
        FOREIGN,
        NULL
    }

    private enum Shown {
        NOTHING,
        WRONG,
        RIGHT
    }

    private static HttpRequest write(Name name, From from, Shown shown) {
        String host = name == Name.OURS ? "localhost:9901" : "evil.example:9901";
        HttpRequest request = request(
                host,
                switch (shown) {
                    case NOTHING -> null;
                    case WRONG -> "Bearer wrong";
                    case RIGHT -> "Bearer " + TOKEN;
                });
        switch (from) {
            case NO_BROWSER -> {}
            case SAME_ORIGIN -> request.headers().set(HttpHeaderNames.ORIGIN, "http://" + host);
            case FOREIGN -> request.headers().set(HttpHeaderNames.ORIGIN, "http://elsewhere.example");
            case NULL -> request.headers().set(HttpHeaderNames.ORIGIN, "null");
        }
        return request;
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:9901, http://localhost:9901, true",
        "LOCALHOST:9901, http://localhost:9901, true",
        "localhost,      http://localhost,      true",
        "localhost:80,   http://localhost,      true",
        "[::1]:9901,     http://[::1]:9901,     true",
        "localhost:9901, https://localhost:9901, false",
        "localhost:9901, http://localhost:9902, false",
        "localhost:9901, http://localhost,      false",
        "localhost:9901, http://127.0.0.1:9901, false",
        "localhost:9901, http://localhost:9901.evil.example, false",
        "localhost:9901, http://localhost:9901/, false",
        "localhost:9901, http://evil@localhost:9901, false",
        "localhost:9901, localhost:9901,        false",
        "localhost:9901, null,                  false",
        "localhost:9901, '',                    false"
    })
    void originIsOursIfSchemeHostAndPortAreThoseAskedFor(String host, String origin, boolean ours) {
        HttpRequest request = request(host, null);
        request.headers().set(HttpHeaderNames.ORIGIN, origin);

        assertThat(new Access(true, "").refuse(Exposure.WRITE, request) == null).isEqualTo(ours);
    }

    @Test
    void twoOriginsAreForeign() {
        HttpRequest request = request("localhost", null);
        request.headers().add(HttpHeaderNames.ORIGIN, "http://localhost");
        request.headers().add(HttpHeaderNames.ORIGIN, "http://localhost");

        assertThat(status(new Access(true, "").refuse(Exposure.WRITE, request))).isEqualTo(403);
    }

    @ParameterizedTest
    @CsvSource({
        "same-origin, true",
        "none, true",
        "same-site, false",
        "cross-site, false",
        "'', false",
        "Same-Origin, false"
    })
    void aWriteOfAnotherSiteIsRefusedAlsoWithoutItsOrigin(String site, boolean ours) {
        HttpRequest request = request("localhost", null);
        request.headers().set("sec-fetch-site", site);

        assertThat(new Access(true, "").refuse(Exposure.WRITE, request) == null).isEqualTo(ours);
        assertThat(new Access(true, "").refuse(Exposure.OPERATOR, request)).isNull();
    }

    @Test
    void severalCredentialsAreNone() {
        HttpRequest request = request("localhost", "Bearer " + TOKEN);
        request.headers().add(HttpHeaderNames.AUTHORIZATION, "Bearer " + TOKEN);

        assertThat(status(new Access(true, TOKEN).refuse(Exposure.WRITE, request)))
                .isEqualTo(401);
    }

    @Test
    void aForeignOriginMayReadAsBefore() {
        HttpRequest request = request("localhost", null);
        request.headers().set(HttpHeaderNames.ORIGIN, "http://elsewhere.example");

        assertThat(new Access(true, "").refuse(Exposure.OPERATOR, request)).isNull();
    }

    private static HttpRequest request(@Nullable String host, @Nullable String authorization) {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
        if (host != null) {
            request.headers().set(HttpHeaderNames.HOST, host);
        }
        if (authorization != null) {
            request.headers().set(HttpHeaderNames.AUTHORIZATION, authorization);
        }
        return request;
    }

    private static int status(@Nullable Answer refusal) {
        return refusal == null ? 200 : refusal.status().code();
    }
}
