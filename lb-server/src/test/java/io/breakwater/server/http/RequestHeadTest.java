package io.breakwater.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestHeadTest {
    private static final HeadLimits LIMITS = new HeadLimits(100, 400, 10);
    private static final String OK = "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n";

    private final RequestHead head = new RequestHead(LIMITS);
    private final ByteBuf out = Unpooled.buffer();
    private final Forwarding untrusted = new Forwarding("10.0.0.9", "http", false);
    private final Forwarding trusted = new Forwarding("10.0.0.9", "https", true);

    @ParameterizedTest(name = "RFC {0}: {1}")
    @MethodSource
    void refuses(String section, String what, HeadError why, String request) {
        assertThat(scan(head, request)).isEqualTo(Scan.REFUSED);
        assertThat(head.error()).isEqualTo(why);
    }

    static Stream<Arguments> refuses() {
        return Stream.of(
                arguments(
                        "9112 2.2",
                        "bare LF ends the request line",
                        HeadError.BARE_LINE_END,
                        "GET / HTTP/1.1\nHost: h\r\n\r\n"),
                arguments("9112 2.2", "bare LF ends a field line", HeadError.BARE_LINE_END, get("A: b\nC: d")),
                arguments(
                        "9112 2.2",
                        "bare LF ends the head",
                        HeadError.BARE_LINE_END,
                        "GET / HTTP/1.1\r\nHost: h\r\n\n"),
                arguments(
                        "9112 2.2",
                        "bare CR in the request line",
                        HeadError.BARE_LINE_END,
                        "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n"),
                arguments("9112 2.2", "bare CR in a field value", HeadError.BARE_LINE_END, get("A: b\rC: d")),
                arguments("9112 2.2", "bare CR starts a line", HeadError.BARE_LINE_END, get("\rA: b")),
                arguments(
                        "9112 2.2",
                        "whitespace before the first field",
                        HeadError.FOLDED_LINE,
                        "GET / HTTP/1.1\r\n Host: h\r\n\r\n"),
                arguments(
                        "9112 2.2",
                        "more empty lines than anybody sends",
                        HeadError.INVALID_REQUEST_LINE,
                        "\r\n".repeat(5) + OK),
                arguments("9112 2.2", "a bare LF before the request line", HeadError.BARE_LINE_END, "\n" + OK),
                arguments("9110 5.5", "NUL in a field value", HeadError.CONTROL_BYTE, get("A: b\0c")),
                arguments("9110 5.5", "DEL in a field value", HeadError.CONTROL_BYTE, get("A: b\u007fc")),
                arguments("9110 5.5", "a control byte in a field name", HeadError.CONTROL_BYTE, get("A\u0001: b")),
                arguments("9112 3", "a TLS hello", HeadError.CONTROL_BYTE, "\u0016\u0003\u0001\u0002\u0000\u0001"),
                arguments("9112 5.1", "SP before the colon", HeadError.SPACE_IN_FIELD_NAME, get("A : b")),
                arguments(
                        "9112 5.1", "HTAB before the colon", HeadError.SPACE_IN_FIELD_NAME, get("Content-Length\t: 1")),
                arguments("9112 5.1", "SP in a field name", HeadError.SPACE_IN_FIELD_NAME, get("A b: c")),
                arguments("9112 5.2", "obs-fold with SP", HeadError.FOLDED_LINE, get("A: b\r\n c")),
                arguments("9112 5.2", "obs-fold with HTAB", HeadError.FOLDED_LINE, get("A:\r\n\tb")),
                arguments("9110 5.1", "an empty field name", HeadError.INVALID_FIELD_NAME, get(": b")),
                arguments("9110 5.1", "a line without colon", HeadError.INVALID_FIELD_NAME, get("nothing")),
                arguments("9110 5.1", "a delimiter in a field name", HeadError.INVALID_FIELD_NAME, get("A(b): c")),
                arguments(
                        "9110 5.1",
                        "a byte beyond ASCII in a field name",
                        HeadError.INVALID_FIELD_NAME,
                        get("\u00c4: c")),
                arguments("9112 3", "no method", HeadError.INVALID_REQUEST_LINE, line(" / HTTP/1.1")),
                arguments(
                        "9112 3", "a method that is no token", HeadError.INVALID_REQUEST_LINE, line("G(T / HTTP/1.1")),
                arguments("9112 3", "no target", HeadError.INVALID_REQUEST_LINE, line("GET HTTP/1.1")),
                arguments("9112 3", "an empty target", HeadError.INVALID_REQUEST_LINE, line("GET  HTTP/1.1")),
                arguments("9112 3", "HTTP/0.9", HeadError.INVALID_REQUEST_LINE, "GET /\r\n"),
                arguments("9112 3", "two spaces before the target", HeadError.INVALID_TARGET, line("GET  / HTTP/1.1")),
                arguments("9112 3", "two spaces before the version", HeadError.INVALID_TARGET, line("GET /  HTTP/1.1")),
                arguments("9112 3", "a tab for a space", HeadError.INVALID_REQUEST_LINE, line("GET\t/ HTTP/1.1")),
                arguments("9112 3", "a space at the end", HeadError.INVALID_REQUEST_LINE, line("GET / HTTP/1.1 ")),
                arguments("9112 3", "a space at the start", HeadError.INVALID_REQUEST_LINE, line(" GET / HTTP/1.1")),
                arguments(
                        "9112 2.3", "a version in lower case", HeadError.INVALID_REQUEST_LINE, line("GET / http/1.1")),
                arguments(
                        "9112 2.3", "a version of two digits", HeadError.INVALID_REQUEST_LINE, line("GET / HTTP/1.10")),
                arguments("9112 2.3", "a version of no digits", HeadError.INVALID_REQUEST_LINE, line("GET / HTTP/1.x")),
                arguments("9112 2.3", "another protocol", HeadError.INVALID_REQUEST_LINE, line("GET / SIP/1.1")),
                arguments("9110 2.5", "HTTP/2.0", HeadError.UNKNOWN_VERSION, "PRI * HTTP/2.0\r\n\r\n"),
                arguments("9110 2.5", "HTTP/0.9 as a version", HeadError.UNKNOWN_VERSION, line("GET / HTTP/0.9")),
                arguments("9110 9.3.6", "CONNECT", HeadError.CONNECT, line("CONNECT h:443 HTTP/1.1")),
                arguments(
                        "9112 3.2.3",
                        "authority-form of another method",
                        HeadError.INVALID_TARGET,
                        line("GET h:80 HTTP/1.1")),
                arguments("9112 3.2.4", "asterisk-form of GET", HeadError.INVALID_TARGET, line("GET * HTTP/1.1")),
                arguments("9112 3.2.4", "an asterisk and more", HeadError.INVALID_TARGET, line("OPTIONS */ HTTP/1.1")),
                arguments("9112 3.2", "a relative path", HeadError.INVALID_TARGET, line("GET a HTTP/1.1")),
                arguments("9112 3.2.2", "another scheme", HeadError.INVALID_TARGET, line("GET ftp://h/ HTTP/1.1")),
                arguments(
                        "9110 4.2.1",
                        "absolute-form without host",
                        HeadError.INVALID_TARGET,
                        line("GET http:///a HTTP/1.1")),
                arguments(
                        "9110 4.2.4",
                        "absolute-form with userinfo",
                        HeadError.INVALID_TARGET,
                        line("GET http://u@h/a HTTP/1.1")),
                arguments("9112 3.2", "a fragment", HeadError.INVALID_TARGET, line("GET /a#b HTTP/1.1")),
                arguments(
                        "9112 3.2", "a fragment behind a query", HeadError.INVALID_TARGET, line("GET /a?b#c HTTP/1.1")),
                arguments("3986 3.3", "a backslash in the path", HeadError.INVALID_TARGET, line("GET /a\\b HTTP/1.1")),
                arguments("3986 2", "DEL in the path", HeadError.CONTROL_BYTE, line("GET /a\u007fb HTTP/1.1")),
                arguments("3986 2", "a tab in the query", HeadError.INVALID_TARGET, line("GET /a?\tb HTTP/1.1")),
                arguments(
                        "3986 3.2",
                        "a quote in the authority",
                        HeadError.INVALID_TARGET,
                        line("GET http://h\"/a HTTP/1.1")),
                arguments(
                        "3986 3.2",
                        "a byte beyond ASCII in the authority",
                        HeadError.INVALID_TARGET,
                        line("GET http://h\u00e4/a HTTP/1.1")),
                arguments("3986 7.3", "an escaped NUL", HeadError.INVALID_TARGET, line("GET /a%00 HTTP/1.1")),
                arguments("3986 2.1", "an escape without digits", HeadError.INVALID_ESCAPE, line("GET /%zz HTTP/1.1")),
                arguments("3986 2.1", "an escape cut short", HeadError.INVALID_ESCAPE, line("GET /%4 HTTP/1.1")),
                arguments(
                        "3986 2.1",
                        "an escape cut short by the query",
                        HeadError.INVALID_ESCAPE,
                        line("GET /%4?1 HTTP/1.1")),
                arguments("3986 5.2.4", "a dot segment at the end", HeadError.DOT_SEGMENT, line("GET /a/.. HTTP/1.1")),
                arguments(
                        "3986 5.2.4",
                        "a dot segment in the middle",
                        HeadError.DOT_SEGMENT,
                        line("GET /a/../b HTTP/1.1")),
                arguments("3986 5.2.4", "a single dot", HeadError.DOT_SEGMENT, line("GET /./b HTTP/1.1")),
                arguments(
                        "3986 5.2.4",
                        "a dot segment before the query",
                        HeadError.DOT_SEGMENT,
                        line("GET /a/..?b HTTP/1.1")),
                arguments(
                        "3986 5.2.4",
                        "an escaped dot segment",
                        HeadError.DOT_SEGMENT,
                        line("GET /a/%2e%2E/b HTTP/1.1")),
                arguments(
                        "3986 5.2.4",
                        "half an escaped dot segment",
                        HeadError.DOT_SEGMENT,
                        line("GET /a/.%2e HTTP/1.1")),
                arguments(
                        "3986 5.2.4",
                        "a dot segment before an escaped slash",
                        HeadError.DOT_SEGMENT,
                        line("GET /..%2fb HTTP/1.1")),
                arguments(
                        "3986 5.2.4",
                        "a dot segment behind an escaped slash",
                        HeadError.DOT_SEGMENT,
                        line("GET /b%2F.. HTTP/1.1")),
                arguments(
                        "3986 5.2.4",
                        "a dot segment before an escaped backslash",
                        HeadError.DOT_SEGMENT,
                        line("GET /..%5cb HTTP/1.1")),
                arguments(
                        "3986 5.2.4",
                        "a dot segment with a parameter",
                        HeadError.DOT_SEGMENT,
                        line("GET /a/..;x/b HTTP/1.1")),
                arguments(
                        "3986 5.2.4",
                        "a dot segment in absolute-form",
                        HeadError.DOT_SEGMENT,
                        line("GET http://h/.. HTTP/1.1")),
                arguments("9112 3.2", "no Host", HeadError.MISSING_HOST, "GET / HTTP/1.1\r\n\r\n"),
                arguments(
                        "9112 3.2",
                        "no Host with absolute-form",
                        HeadError.MISSING_HOST,
                        "GET http://h/ HTTP/1.1\r\n\r\n"),
                arguments("9112 3.2", "two Hosts", HeadError.REPEATED_HOST, get("Host: h")),
                arguments(
                        "9112 3.2",
                        "two Hosts in HTTP/1.0",
                        HeadError.REPEATED_HOST,
                        "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n"),
                arguments("9110 4.2.1", "an empty Host", HeadError.INVALID_HOST, host("")),
                arguments("9110 4.2.1", "a port without host", HeadError.INVALID_HOST, host(":80")),
                arguments("9110 7.2", "userinfo in Host", HeadError.INVALID_HOST, host("u@h")),
                arguments("9110 7.2", "a space in Host", HeadError.INVALID_HOST, host("h i")),
                arguments("9110 7.2", "a list in Host", HeadError.INVALID_HOST, host("h, i")),
                arguments("9110 7.2", "a path in Host", HeadError.INVALID_HOST, host("h/a")),
                arguments("9110 7.2", "a port of letters", HeadError.INVALID_HOST, host("h:http")),
                arguments("9110 7.2", "a port beyond 65535", HeadError.INVALID_HOST, host("h:65536")),
                arguments("9110 7.2", "two ports", HeadError.INVALID_HOST, host("h:1:2")),
                arguments("9110 7.2", "an IPv6 address without brackets", HeadError.INVALID_HOST, host("::1")),
                arguments("9110 7.2", "an IPv6 address that is none", HeadError.INVALID_HOST, host("[1:2]")),
                arguments("9110 7.2", "an open bracket", HeadError.INVALID_HOST, host("[::1")),
                arguments("9110 7.2", "a zone", HeadError.INVALID_HOST, host("[fe80::1%25eth0]")),
                arguments("9110 7.2", "a letter behind the bracket", HeadError.INVALID_HOST, host("[::1]a")),
                arguments("9110 7.2", "a byte beyond ASCII in Host", HeadError.INVALID_HOST, host("\u00e4")),
                arguments("9110 7.2", "a broken escape in Host", HeadError.INVALID_HOST, host("a%2")),
                arguments(
                        "9112 6.3",
                        "Content-Length that is no number",
                        HeadError.INVALID_CONTENT_LENGTH,
                        get("Content-Length: a")),
                arguments(
                        "9112 6.3",
                        "an empty Content-Length",
                        HeadError.INVALID_CONTENT_LENGTH,
                        get("Content-Length:")),
                arguments(
                        "9112 6.3",
                        "a signed Content-Length",
                        HeadError.INVALID_CONTENT_LENGTH,
                        get("Content-Length: +1")),
                arguments(
                        "9112 6.3",
                        "a negative Content-Length",
                        HeadError.INVALID_CONTENT_LENGTH,
                        get("Content-Length: -1")),
                arguments(
                        "9112 6.3",
                        "a hexadecimal Content-Length",
                        HeadError.INVALID_CONTENT_LENGTH,
                        get("Content-Length: 0x1")),
                arguments(
                        "9112 6.3",
                        "a space in Content-Length",
                        HeadError.INVALID_CONTENT_LENGTH,
                        get("Content-Length: 1 2")),
                arguments(
                        "9112 6.3",
                        "a list of equal lengths",
                        HeadError.INVALID_CONTENT_LENGTH,
                        get("Content-Length: 1, 1")),
                arguments(
                        "9112 6.3",
                        "Content-Length beyond 63 bits",
                        HeadError.INVALID_CONTENT_LENGTH,
                        get("Content-Length: 9223372036854775808")),
                arguments(
                        "9110 8.6",
                        "two equal Content-Lengths",
                        HeadError.REPEATED_CONTENT_LENGTH,
                        get("Content-Length: 1\r\nContent-Length: 1")),
                arguments(
                        "9110 8.6",
                        "two different Content-Lengths",
                        HeadError.REPEATED_CONTENT_LENGTH,
                        get("Content-Length: 1\r\nContent-Length: 2")),
                arguments(
                        "9112 6.1",
                        "Content-Length and Transfer-Encoding",
                        HeadError.LENGTH_AND_CODING,
                        get("Content-Length: 1\r\nTransfer-Encoding: chunked")),
                arguments(
                        "9112 6.1",
                        "Transfer-Encoding and Content-Length",
                        HeadError.LENGTH_AND_CODING,
                        get("Transfer-Encoding: chunked\r\nContent-Length: 0")),
                arguments(
                        "9112 6.1",
                        "Transfer-Encoding in HTTP/1.0",
                        HeadError.CODING_IN_HTTP_10,
                        "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
                arguments(
                        "9112 6.1",
                        "two Transfer-Encodings",
                        HeadError.REPEATED_CODING,
                        get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
                arguments(
                        "9112 6.1",
                        "chunked twice",
                        HeadError.REPEATED_CODING,
                        get("Transfer-Encoding: chunked, chunked")),
                arguments(
                        "9112 6.3",
                        "chunked not last",
                        HeadError.CHUNKED_NOT_LAST,
                        get("Transfer-Encoding: chunked, gzip")),
                arguments("9112 6.3", "no chunked at all", HeadError.CHUNKED_NOT_LAST, get("Transfer-Encoding: gzip")),
                arguments("9112 6.3", "identity", HeadError.CHUNKED_NOT_LAST, get("Transfer-Encoding: identity")),
                arguments(
                        "9112 6.3",
                        "a coding that looks like chunked",
                        HeadError.CHUNKED_NOT_LAST,
                        get("Transfer-Encoding: xchunked")),
                arguments(
                        "9112 6.3",
                        "chunked with a parameter",
                        HeadError.CHUNKED_NOT_LAST,
                        get("Transfer-Encoding: chunked;a=b")),
                arguments(
                        "9112 6.3",
                        "an empty Transfer-Encoding",
                        HeadError.CHUNKED_NOT_LAST,
                        get("Transfer-Encoding:")),
                arguments(
                        "9112 6.1",
                        "an unknown coding before chunked",
                        HeadError.UNKNOWN_CODING,
                        get("Transfer-Encoding: gzip, chunked")),
                arguments(
                        "9110 7.6.1", "an option that names Host", HeadError.ESSENTIAL_OPTION, get("Connection: host")),
                arguments(
                        "9110 7.6.1",
                        "an option that names Content-Length",
                        HeadError.ESSENTIAL_OPTION,
                        get("Connection: close, Content-Length\r\nContent-Length: 1")),
                arguments(
                        "9110 10.1.1", "an unknown expectation", HeadError.UNKNOWN_EXPECTATION, get("Expect: 200-ok")),
                arguments(
                        "9110 7.6.2",
                        "Max-Forwards that is no number",
                        HeadError.INVALID_MAX_FORWARDS,
                        "OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: x\r\n\r\n"),
                arguments(
                        "9110 7.6.2",
                        "two Max-Forwards",
                        HeadError.INVALID_MAX_FORWARDS,
                        "TRACE / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n"),
                arguments(
                        "9112 3",
                        "a request line that is too long",
                        HeadError.REQUEST_LINE_TOO_LONG,
                        line("GET /" + "a".repeat(87) + " HTTP/1.1")),
                arguments(
                        "6585 5",
                        "fields that are too large",
                        HeadError.FIELDS_TOO_LARGE,
                        get("A: " + "b".repeat(387))),
                arguments(
                        "6585 5",
                        "a name that is too large",
                        HeadError.FIELDS_TOO_LARGE,
                        "GET / HTTP/1.1\r\n" + "b".repeat(399)),
                arguments("6585 5", "too many fields", HeadError.TOO_MANY_FIELDS, get("A: b\r\n".repeat(9) + "A: b")),
                arguments(
                        "6585 5",
                        "too many connection options",
                        HeadError.TOO_MANY_FIELDS,
                        get("Connection: a,b,c,d,e,f,g,h,i,j,k")));
    }

    @ParameterizedTest(name = "RFC {0}: {1}")
    @MethodSource
    void accepts(String section, String what, String request) {
        assertThat(scan(head, request)).as(String.valueOf(head.error())).isEqualTo(Scan.COMPLETE);
        assertThat(head.length()).isEqualTo(request.length());
    }

    static Stream<Arguments> accepts() {
        return Stream.of(
                arguments("9112 2.2", "an empty line before the request line", "\r\n" + OK),
                arguments("9112 2.2", "four empty lines before the request line", "\r\n".repeat(4) + OK),
                arguments("9112 2.3", "a higher minor version", line("GET / HTTP/1.9")),
                arguments("9112 3.2.1", "a question mark in the query", line("GET /?a?b HTTP/1.1")),
                arguments("9112 3.2.1", "an empty query", line("GET /? HTTP/1.1")),
                arguments("9112 3.2.1", "a path that starts with two slashes", line("GET //a HTTP/1.1")),
                arguments("9112 3.2.2", "absolute-form", line("GET HTTP://H:80/a HTTP/1.1")),
                arguments("9112 3.2.2", "absolute-form without path", line("GET https://h?a HTTP/1.1")),
                arguments("9112 3.2.4", "asterisk-form", line("OPTIONS * HTTP/1.1")),
                arguments("3986 3.3", "sub-delims and escapes", line("GET /a-._~!$&'()*+,;=:@%20%C3%a4 HTTP/1.1")),
                arguments("3986 3.3", "three dots", line("GET /... HTTP/1.1")),
                arguments("3986 3.3", "dots with letters", line("GET /..a/.b/c../d.e HTTP/1.1")),
                arguments("3986 5.2.4", "dots in the query", line("GET /a?/../b HTTP/1.1")),
                arguments("3986 3.3", "an escaped slash", line("GET /a%2Fb HTTP/1.1")),
                arguments("WHATWG URL", "what browsers do not escape in a path", line("GET /[a]|^{b}` HTTP/1.1")),
                arguments("3986 2", "quotes and angles in the path", line("GET /\"a\"<b> HTTP/1.1")),
                arguments("3986 2", "quotes and angles in the query", line("GET /?a=\"b\"<c> HTTP/1.1")),
                arguments("3986 2", "bytes beyond ASCII in the path", line("GET /\u00c3\u00a4\u0080\u00ff HTTP/1.1")),
                arguments("3986 2", "bytes beyond ASCII in the query", line("GET /?\u0085\u00a0\u00e4 HTTP/1.1")),
                arguments(
                        "WHATWG URL", "what browsers do not escape in a query", line("GET /?a[]=\\|^{}`100% HTTP/1.1")),
                arguments("9112 3.2", "no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"),
                arguments("9110 7.2", "a name with port", host("a-b.example:8080")),
                arguments("9110 7.2", "an empty port", host("h:")),
                arguments("9110 7.2", "an underscore", host("a_b")),
                arguments("9110 7.2", "an IPv6 address", host("[::1]")),
                arguments("9110 7.2", "an IPv6 address with port", host("[2001:db8::1]:80")),
                arguments("9110 7.2", "an IPv4 address", host("127.0.0.1:1")),
                arguments("9110 5.5", "an empty value", get("A:")),
                arguments("9110 5.5", "whitespace around a value", get("A: \t b \t")),
                arguments("9110 5.5", "bytes beyond ASCII in a value", get("A: \u00e4\u00ff")),
                arguments("9110 5.5", "a tab within a value", get("A: b\tcccccccccccccccccc")),
                arguments("9110 5.6.2", "every kind of token character", get("!#$%&'*+-.^_`|~09azAZ: b")),
                arguments("9112 6.2", "the largest length", get("Content-Length: 9223372036854775807")),
                arguments("9112 6.1", "chunked in another case", get("transfer-encoding: CHUNKED")),
                arguments("9110 10.1.1", "an expectation of HTTP/1.0", "GET / HTTP/1.0\r\nExpect: x\r\n\r\n"),
                arguments("9110 7.6.1", "connection options with empty elements", get("Connection: , close,, te ,")),
                arguments("9110 7.6.2", "Max-Forwards of a method that it says nothing about", get("Max-Forwards: x")),
                arguments("9112 3", "the longest request line", line("GET /" + "a".repeat(86) + " HTTP/1.1")),
                arguments("6585 5", "the largest fields", get("A: " + "b".repeat(386))),
                arguments("6585 5", "the most fields", get("A: b\r\n".repeat(8) + "A: b")));
    }

    @ParameterizedTest(name = "{0} = {1} {2}")
    @CsvSource({
        "GET, true, false", "HEAD, true, true", "PUT, true, false", "DELETE, true, false", "OPTIONS, true, false",
        "TRACE, true, false", "POST, false, false", "PATCH, false, false", "BREW, false, false", "get, false, false"
    })
    void tellsTheMethod(String method, boolean idempotent, boolean isHead) {
        scan(head, line(method + " / HTTP/1.1"));

        assertThat(head.method()).isEqualTo(method);
        assertThat(head.isIdempotent()).isEqualTo(idempotent);
        assertThat(head.isHead()).isEqualTo(isHead);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "GET /a/b?c, /a/b, h",
        "GET /?c, /, h",
        "GET http://x:1/a?b, /a, x:1",
        "GET http://x, /, x",
        "GET http://x?b, /, x",
        "OPTIONS *, *, h",
        "OPTIONS http://x, *, x",
        "OPTIONS http://x/, /, x"
    })
    void tellsPathAndHost(String start, String path, String host) {
        scan(head, line(start + " HTTP/1.1"));

        assertThat(head.path().toString()).isEqualTo(path);
        assertThat(head.host().toString()).isEqualTo(host);
        assertThat(head.target().toString()).isEqualTo(start.substring(start.indexOf(' ') + 1));
    }

    @ParameterizedTest(name = "RFC 9112 6.3: {0} is {1} of {2}")
    @CsvSource({
        "A: b, NONE, 0",
        "Content-Length: 0, NONE, 0",
        "Content-Length: 007, LENGTH, 7",
        "content-LENGTH: 12, LENGTH, 12",
        "Transfer-Encoding: chunked, CHUNKED, 0"
    })
    void tellsTheFraming(String field, BodyFraming framing, long length) {
        scan(head, get(field));

        assertThat(head.framing()).isEqualTo(framing);
        assertThat(head.contentLength()).isEqualTo(length);
    }

    @ParameterizedTest(name = "RFC 9112 9.3: {0} {1} = {2}")
    @CsvSource({
        "1.1, A: b, true", "1.1, Connection: close, false", "1.1, Connection: Keep-Alive, true",
        "1.1, 'Connection: x, CLOSE', false", "1.0, A: b, false", "1.0, Connection: keep-alive, true",
        "1.0, 'Connection: keep-alive, close', false", "1.0, Proxy-Connection: keep-alive, false"
    })
    void tellsWhetherTheConnectionIsKept(String version, String field, boolean kept) {
        scan(head, "GET / HTTP/" + version + "\r\nHost: h\r\n" + field + "\r\n\r\n");

        assertThat(head.keepAlive()).isEqualTo(kept);
        assertThat(head.isHttp11()).isEqualTo(version.equals("1.1"));
    }

    @ParameterizedTest(name = "RFC 9110 10.1.1: HTTP/{0} {1} = {2}")
    @CsvSource({"1.1, Content-Length: 1, true", "1.1, Content-Length: 0, false", "1.0, Content-Length: 1, false"})
    void waitsForContinueOnlyWithContentInHttp11(String version, String field, boolean expects) {
        scan(head, "POST / HTTP/" + version + "\r\nHost: h\r\nExpect: 100-Continue\r\n" + field + "\r\n\r\n");

        assertThat(head.expectsContinue()).isEqualTo(expects);
        assertThat(upstream(untrusted).contains("Expect: 100-Continue")).isEqualTo(expects);
    }

    @Test
    void isTheSameHoweverTheBytesAreCut() {
        Stream.concat(refuses().map(a -> (String) a.get()[3]), accepts().map(a -> (String) a.get()[2]))
                .forEach(request -> {
                    RequestHead whole = new RequestHead(LIMITS);
                    String expected = describe(whole, scan(whole, request), untrusted);
                    for (int cut = 0; cut <= request.length(); cut++) {
                        RequestHead parts = new RequestHead(LIMITS);
                        Scan first = scan(parts, request.substring(0, cut));
                        Scan found = first == Scan.INCOMPLETE ? scan(parts, request) : first;
                        assertThat(describe(parts, found, untrusted))
                                .as(request + " cut at " + cut)
                                .isEqualTo(expected);
                    }
                    RequestHead drops = new RequestHead(LIMITS);
                    Scan found = Scan.INCOMPLETE;
                    for (int end = 1; end <= request.length() && found == Scan.INCOMPLETE; end++) {
                        found = scan(drops, request.substring(0, end));
                    }
                    assertThat(describe(drops, found, untrusted))
                            .as(request + " byte by byte")
                            .isEqualTo(expected);
                });
    }

    @Test
    void leavesWhatFollowsTheHead() {
        ByteBuf in = buffer("xx" + OK + "POST");
        in.skipBytes(2);

        assertThat(head.scan(in)).isEqualTo(Scan.COMPLETE);
        assertThat(head.length()).isEqualTo(OK.length());
        assertThat(in.readerIndex()).isEqualTo(2);
    }

    @Test
    void growsForHeadsBeyondItsFirstArray() {
        RequestHead large = new RequestHead(new HeadLimits(9000, 40_000, 200));
        String request =
                "GET /" + "a".repeat(5000) + " HTTP/1.1\r\nHost: h\r\n" + "Name: value\r\n".repeat(150) + "\r\n";

        assertThat(scan(large, request)).isEqualTo(Scan.COMPLETE);
        assertThat(large.path().toString()).isEqualTo("/" + "a".repeat(5000));
        assertThat(large.values(Ascii.bytes("name")))
                .startsWith("value, value, ")
                .hasSize(150 * 7 - 2);
        assertThat(large.length()).isEqualTo(request.length());
    }

    @Test
    void startsAnewAfterReset() {
        scan(head, get("Connection: close, x\r\nX: y\r\nContent-Length: 5"));
        head.reset();

        assertThat(head.started()).isFalse();
        assertThat(scan(head, "\r")).isEqualTo(Scan.INCOMPLETE);
        assertThat(head.started()).isFalse();
        assertThat(scan(head, "\r\nG")).isEqualTo(Scan.INCOMPLETE);
        assertThat(head.started()).isTrue();
        assertThat(scan(head, "\r\n" + OK)).isEqualTo(Scan.COMPLETE);
        assertThat(head.keepAlive()).isTrue();
        assertThat(head.framing()).isEqualTo(BodyFraming.NONE);
        assertThat(upstream(untrusted))
                .isEqualTo("GET /a?b=c HTTP/1.1\r\nHost: h\r\n" + forwarded("h") + "Via: 1.1 breakwater\r\n\r\n");
    }

    @Test
    void answersItselfWhenMaxForwardsIsZero() {
        scan(head, "OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n");

        assertThat(head.endsHere()).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void writesUpstream(String what, String received, String sent) {
        assertThat(scan(head, received)).as(String.valueOf(head.error())).isEqualTo(Scan.COMPLETE);

        assertThat(upstream(untrusted)).isEqualTo(sent);
    }

    static Stream<Arguments> writesUpstream() {
        String via = "Via: 1.1 breakwater\r\n\r\n";
        return Stream.of(
                arguments(
                        "fields in order",
                        get("B: 1\r\nA:2 \r\nb: 3"),
                        get("B: 1\r\nA:2 \r\nb: 3", forwarded("h") + via)),
                arguments(
                        "RFC 9112 2.2: without the empty line before",
                        "\r\n" + OK,
                        "GET /a?b=c HTTP/1.1\r\nHost: h\r\n" + forwarded("h") + via),
                arguments(
                        "RFC 9110 7.6.1: hop-by-hop and nominated fields cut",
                        get(
                                "Keep-Alive: 5\r\nA: 1\r\nConnection: X-Y, close\r\nUpgrade: h2c\r\nx-y: 1\r\nB: 2\r\nProxy-Connection: x\r\nTE: trailers\r\nC: 3"),
                        get("A: 1\r\nB: 2\r\nC: 3", forwarded("h") + via)),
                arguments(
                        "RFC 9110 11.7: credentials for a proxy cut",
                        get("Proxy-Authorization: x"),
                        get("", forwarded("h") + via)),
                arguments(
                        "RFC 9112 7: chunked written anew",
                        get("transfer-encoding:\tCHUNKED\r\nConnection: Transfer-Encoding\r\nTrailer: T"),
                        get("Trailer: T", "Transfer-Encoding: chunked\r\n" + forwarded("h") + via)),
                arguments(
                        "RFC 9112 3.2.2: absolute-form",
                        "GET http://x:1/a?b HTTP/1.1\r\nA: 1\r\nHost: h\r\n\r\n",
                        "GET /a?b HTTP/1.1\r\nHost: x:1\r\nA: 1\r\n" + forwarded("x:1") + via),
                arguments(
                        "RFC 9112 3.2.2: absolute-form without path",
                        "GET http://x?b HTTP/1.1\r\nHost: h\r\n\r\n",
                        "GET /?b HTTP/1.1\r\nHost: x\r\n" + forwarded("x") + via),
                arguments(
                        "RFC 9112 3.2.4: OPTIONS of a whole server",
                        "OPTIONS http://x HTTP/1.1\r\nHost: h\r\n\r\n",
                        "OPTIONS * HTTP/1.1\r\nHost: x\r\n" + forwarded("x") + via),
                arguments(
                        "RFC 9110 7.6.3: HTTP/1.0 goes on as HTTP/1.1",
                        "GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
                        "GET / HTTP/1.1\r\nHost: h\r\n" + forwarded("h") + "Via: 1.0 breakwater\r\n\r\n"),
                arguments(
                        "RFC 9112 3.2: HTTP/1.0 without Host",
                        "GET / HTTP/1.0\r\n\r\n",
                        "GET / HTTP/1.1\r\nHost: \r\nX-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Proto: http\r\nVia: 1.0 breakwater\r\n\r\n"),
                arguments(
                        "RFC 9110 2.5: a higher minor version goes on as HTTP/1.1",
                        line("GET /a HTTP/1.7"),
                        "GET /a HTTP/1.1\r\nHost: h\r\n" + forwarded("h") + via),
                arguments(
                        "RFC 9110 7.6.2: Max-Forwards counted down",
                        "OPTIONS * HTTP/1.1\r\nmax-forwards: 10\r\nHost: h\r\n\r\n",
                        "OPTIONS * HTTP/1.1\r\nHost: h\r\nMax-Forwards: 9\r\n" + forwarded("h") + via),
                arguments(
                        "RFC 9110 7.6.3: Via kept and appended",
                        get("Via: 1.1 x"),
                        get("Via: 1.1 x", forwarded("h") + via)),
                arguments(
                        "what an untrusted peer says of its clients is dropped",
                        get(
                                "X-Forwarded-For: 1\r\nForwarded: for=1\r\nX-Forwarded-Proto: x\r\nX-Forwarded-Host: y\r\nX-Forwarded-Port: 1\r\nX_Forwarded_For: 2\r\nA: b"),
                        get("A: b", forwarded("h") + via)));
    }

    @Test
    void passesOnWhatATrustedPeerSaysOfItsClients() {
        scan(
                head,
                get(
                        "X-Forwarded-For: 1.1.1.1\r\nForwarded: for=1\r\nX-Forwarded-Proto: p\r\nA: b\r\nX-Forwarded-For: 2.2.2.2, 3.3.3.3\r\nX-Forwarded-Host: o"));

        assertThat(upstream(trusted))
                .isEqualTo(get(
                        "Forwarded: for=1\r\nX-Forwarded-Proto: p\r\nA: b\r\nX-Forwarded-Host: o",
                        "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.9\r\nVia: 1.1 breakwater\r\n\r\n"));
    }

    @Test
    void addsWhatATrustedPeerDidNotSay() {
        scan(head, get("X-Forwarded-For: 1.1.1.1"));

        assertThat(upstream(trusted))
                .isEqualTo(
                        get(
                                "",
                                "X-Forwarded-For: 1.1.1.1, 10.0.0.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: h\r\nVia: 1.1 breakwater\r\n\r\n"));
    }

    @ParameterizedTest(name = "{0} cut {1} put {2} = {3}")
    @CsvSource({
        "/api/r?q=1, 6, /backend/r, /backend/r?q=1",
        "/cart/x?q, 5, '', /x?q",
        "/cart?q, 5, '', /?q",
        "/cart/?q, 6, '', /?q",
        "/cart/x, 6, '', /x",
        "/a, 0, /b, /b/a",
        "http://x/a, 2, /b, /b",
        "http://x, 1, /b, /b",
        "http://x, 0, /b, /b/",
        "http://x, 0, '', /",
        "/a, 0, '', /a"
    })
    void rewritesThePath(String target, int cut, String prefix, String expected) {
        for (String version : new String[] {"1.1", "1.0"}) {
            head.reset();
            scan(head, "GET " + target + " HTTP/" + version + "\r\nHost: h\r\n\r\n");

            out.clear();
            head.writeUpstream(out, untrusted, new NoIds(), cut, Ascii.bytes(prefix), null);
            assertThat(text(out)).startsWith("GET " + expected + " HTTP/1.1\r\nHost: ");
        }
    }

    @Test
    void leavesTheAsteriskAsItIs() {
        scan(head, line("OPTIONS * HTTP/1.1"));

        head.writeUpstream(out, untrusted, new NoIds(), 1, Ascii.bytes("/b"), null);
        assertThat(text(out)).startsWith("OPTIONS * HTTP/1.1\r\nHost: h\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /a HTTP/1.1\r\nA: 1\r\nHost: h\r\n\r\n", "GET /a HTTP/1.0\r\nA: 1\r\nHost: h\r\n\r\n"})
    void replacesTheHostAndTellsTheReceivedOne(String request) {
        scan(head, request);

        head.writeUpstream(out, untrusted, new NoIds(), 0, Ascii.bytes(""), Ascii.bytes("backend:1"));
        assertThat(text(out)).startsWith("GET /a HTTP/1.1\r\nHost: backend:1\r\nA: 1\r\n" + forwarded("h"));
    }

    @Test
    void canBeWrittenAgainForAnotherAttempt() {
        scan(head, get("Connection: x\r\nX: 1"));

        assertThat(upstream(untrusted)).isEqualTo(upstream(untrusted));
    }

    private String upstream(Forwarding forwarding) {
        out.clear();
        head.writeUpstream(out, forwarding, new NoIds(), 0, Ascii.bytes(""), null);
        return text(out);
    }

    private static String describe(RequestHead head, Scan found, Forwarding forwarding) {
        if (found != Scan.COMPLETE) {
            return found + " " + head.error();
        }
        ByteBuf sent = Unpooled.buffer();
        head.writeUpstream(sent, forwarding, new NoIds(), 0, Ascii.bytes(""), null);
        return head.length()
                + head.method()
                + head.target()
                + head.path()
                + head.host()
                + head.framing()
                + head.keepAlive()
                + text(sent);
    }

    private static Scan scan(RequestHead head, String bytes) {
        return head.scan(buffer(bytes));
    }

    static ByteBuf buffer(String bytes) {
        return Unpooled.copiedBuffer(bytes, StandardCharsets.ISO_8859_1);
    }

    static String text(ByteBuf bytes) {
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    private static String line(String requestLine) {
        return requestLine + "\r\nHost: h\r\n\r\n";
    }

    private static String host(String host) {
        return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    }

    private static String get(String fields) {
        return get(fields, "\r\n");
    }

    private static String get(String fields, String end) {
        return "GET / HTTP/1.1\r\nHost: h\r\n" + (fields.isEmpty() ? "" : fields + "\r\n") + end;
    }

    private static String forwarded(String host) {
        return "X-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: " + host + "\r\n";
    }
}
