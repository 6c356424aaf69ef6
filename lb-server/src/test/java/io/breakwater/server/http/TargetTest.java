package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every byte that a path, a query or a host may be made of, and the edges of escapes and ports. */
class TargetTest {
    private static final String LETTERS_AND_DIGITS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    /** RFC 3986 sections 2.2 and 2.3. */
    private static final String UNRESERVED_AND_SUB_DELIMS = LETTERS_AND_DIGITS + "-._~!$&'()*+,;=";
    /** What clients leave as it is, on top of RFC 3986 section 3.3; bytes beyond ASCII as well. */
    private static final String PATH = UNRESERVED_AND_SUB_DELIMS + ":@/[]^`{|}\"<>";

    private static final String QUERY = PATH + "?\\%";

    private final RequestHead head = new RequestHead(new HeadLimits(100, 400, 10));

    @Test
    void aPathAndAQueryAreMadeOfTheseBytes() {
        for (int c = 0x21; c < 256; c++) {
            if (c != 0x7f) {
                boolean split = c == '?' || c == '%';
                assertThat(errorOf("/a" + (char) c + "b", "h"))
                        .as("path %02x", c)
                        .isEqualTo(
                                PATH.indexOf(c) >= 0 || c == '?' || c >= 0x80
                                        ? null
                                        : split ? HeadError.INVALID_ESCAPE : HeadError.INVALID_TARGET);
                assertThat(errorOf("/a?" + (char) c, "h"))
                        .as("query %02x", c)
                        .isEqualTo(QUERY.indexOf(c) >= 0 || c >= 0x80 ? null : HeadError.INVALID_TARGET);
            }
        }
    }

    @Test
    void aHostIsMadeOfTheseBytes() {
        for (int c = 0x21; c < 256; c++) {
            if (c != 0x7f) {
                boolean good = UNRESERVED_AND_SUB_DELIMS.indexOf(c) >= 0;
                assertThat(errorOf("/", "a" + (char) c + "b"))
                        .as("%02x", c)
                        .isEqualTo(good ? null : HeadError.INVALID_HOST);
            }
        }
    }

    @ParameterizedTest(name = "RFC 9110 7.2: {0} = {1}")
    @CsvSource(
            nullValues = "-",
            value = {
                "h:0, -",
                "h:65535, -",
                "h:65536, INVALID_HOST",
                "h:00080, -",
                "h:-1, INVALID_HOST",
                "h:8a, INVALID_HOST",
                "a%41b:80, -",
                "%41, -",
                "a%4, INVALID_HOST",
                "a%, INVALID_HOST",
                "a%00, INVALID_HOST",
                "a%01, -",
                "a%4g, INVALID_HOST",
                "[::], -",
                "[::0], -",
                "[2001:db8::10]:1, -",
                "[::ffff:1.2.3.4]:1, -",
                "[::1]:, -",
                "[], INVALID_HOST",
                "[::1, INVALID_HOST",
                "[::1]1, INVALID_HOST",
                "[::g], INVALID_HOST",
                "[1.2.3.4], INVALID_HOST",
                "a[::1], INVALID_HOST",
                "[v1.a], INVALID_HOST"
            })
    void aHostMayHaveAPort(String host, @Nullable HeadError error) {
        assertThat(errorOf("/", host)).isEqualTo(error);
        assertThat(errorOf("http://" + host + "/a", "h")).isEqualTo(error == null ? null : HeadError.INVALID_TARGET);
    }

    @ParameterizedTest(name = "RFC 3986 2.1: {0} = {1}")
    @CsvSource(
            nullValues = "-",
            value = {
                "/%01, -",
                "/%7f, -",
                "/%ff, -",
                "/%41%42, -",
                "/%4, INVALID_ESCAPE",
                "/%, INVALID_ESCAPE",
                "/%4?1, INVALID_ESCAPE",
                "/%g1, INVALID_ESCAPE",
                "/%1g, INVALID_ESCAPE",
                "/%00, INVALID_TARGET",
                "/a%2e, -",
                "/%2ea, -",
                "/%2e, DOT_SEGMENT",
                "/%2e%2e, DOT_SEGMENT",
                "/%2e%2e%2e, -",
                "/a%2f.., DOT_SEGMENT",
                "/a%5c..%5cb, DOT_SEGMENT",
                "/a/.;b, DOT_SEGMENT",
                "/a/..%3B/b, DOT_SEGMENT",
                "/%2e%3bb, DOT_SEGMENT",
                "/a%3b../b%3b, -",
                "/a%3b/.., DOT_SEGMENT",
                "/a/.b;c, -",
                "/a;/.., DOT_SEGMENT",
                "/a;.., -",
                "/a;../b, -",
                "/a;b/c, -",
                "/\u00c3\u00a9/.., DOT_SEGMENT",
                "/..\u00a0/b, -",
                "/<..>/b, -",
                "/%\u00b2\u00b2, INVALID_ESCAPE"
            })
    void aPathHasValidEscapesAndNoDotSegments(String path, @Nullable HeadError error) {
        assertThat(errorOf(path, "h")).isEqualTo(error);
        assertThat(errorOf("http://h" + path, "h")).isEqualTo(error);
    }

    @Test
    void whatIsBehindTheEndIsOfNoConcern() {
        assertThat(Target.checkPath(Ascii.bytes("/%41"), 0, 3)).isEqualTo(HeadError.INVALID_ESCAPE);
        assertThat(Target.checkPath(Ascii.bytes("/%41"), 0, 2)).isEqualTo(HeadError.INVALID_ESCAPE);
        assertThat(Target.isAuthority(Ascii.bytes("h%41"), 0, 3)).isFalse();
        assertThat(Target.isAuthority(Ascii.bytes("[::1a]"), 0, 4)).isFalse();
    }

    @ParameterizedTest(name = "RFC 9112 3.2.2: {0}")
    @CsvSource({"http://", "http:/", "http:", "http", "https://", "https:/", "httpx://h/", "HTTPS:/h", "xhttp://h/"})
    void whatOnlyBeginsAsAbsoluteFormIsNone(String target) {
        assertThat(errorOf(target, "h")).isEqualTo(HeadError.INVALID_TARGET);
    }

    @ParameterizedTest(name = "RFC 9112 3: {0}")
    @CsvSource({"GET /aHTTP/1.1", "GET/a HTTP/1.1", "GET /HTTP/1.1", "GET /a HTTP/1.1x", "GET /a HTTP/11.", "HTTP/1.1"})
    void aRequestLineHasTwoSpacesAndAVersion(String line) {
        head.scan(buffer(line + "\r\nHost: h\r\n\r\n"));

        assertThat(head.error()).isEqualTo(HeadError.INVALID_REQUEST_LINE);
    }

    private @Nullable HeadError errorOf(String target, String host) {
        head.reset();
        Scan found = head.scan(buffer("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"));
        assertThat(found).isEqualTo(head.error() == null ? Scan.COMPLETE : Scan.REFUSED);
        return head.error();
    }
}
