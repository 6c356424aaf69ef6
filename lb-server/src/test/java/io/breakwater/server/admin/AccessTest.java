package io.breakwater.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.admin.Access.Exposure;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
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
    @EnumSource(Exposure.class)
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
