package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the fields of a request say to those who ask for them by name. In the tables # separates lines, ~ is a tab. */
class RequestFieldsTest {
    private static final HeadLimits LIMITS = new HeadLimits(200, 2000, 20);

    private final RequestHead head = new RequestHead(LIMITS, Ascii.bytes("x-request-id"));
    private final Forwarding untrusted = new Forwarding("10.0.0.9", "http", false);
    private final Forwarding trusted = new Forwarding("10.0.0.9", "https", true);

    @ParameterizedTest(name = "RFC 9110 5.3: {0}: {1} = {2}, all of them {3}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            A: 1                | a   | 1 | 1
            a:1#B: 2            | b   | 2 | 2
            A: 1#B: 2#a:  3     | a   | 1 | 1, 3
            A:                  | a   | '' | ''
            A:#A: 1             | a   | '' | ', 1'
            A: 1                | b   | - | -
            Ab: 1               | a   | - | -
            B: 1                | ab  | - | -
            """)
    void valuesByName(String lines, String name, @Nullable String first, @Nullable String all) {
        scan("GET / HTTP/1.1#Host: h#" + lines);

        assertThat(text(head.value(Ascii.bytes(name)))).isEqualTo(first);
        assertThat(head.values(Ascii.bytes(name))).isEqualTo(all);
        assertThat(head.has(Ascii.bytes(name))).isEqualTo(all != null);
    }

    @ParameterizedTest(name = "RFC 6265 4.2.1: {0}: {1} = {2}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            Cookie: a=1                   | a  | 1
            Cookie: a=1; b=22; c=3        | b  | 22
            Cookie: a=1; b=22; c=3        | c  | 3
            Cookie: a=1; b=22; c=3        | d  | -
            Cookie: a=1                   | A  | -
            Cookie: aa=1; a=2             | a  | 2
            Cookie: a=1; aa=2             | aa | 2
            Cookie: a=                    | a  | ''
            Cookie: a=;b=1                | a  | ''
            Cookie: a;b=1                 | a  | -
            Cookie: a                     | a  | -
            Cookie: a;                    | a  | -
            Cookie: a =1                  | a  | -
            Cookie:                       | a  | -
            Cookie: a=1=2;                | a  | 1=2
            Cookie:  a=1 ;~b=2~ ; c=3 | b  | 2
            Cookie: ;; a=1                | a  | 1
            Cookie: a="x y"               | a  | "x y"
            Cookie: a=1; a=2              | a  | 1
            Cookie: a=1#cookie: b=2       | b  | 2
            Cookie: b=1#Cookie: b=2       | b  | 1
            Cookies: a=1                  | a  | -
            A: b                          | a  | -
            """)
    void cookiesByName(String lines, String name, @Nullable String value) {
        scan("GET / HTTP/1.1#Host: h#" + lines.replace('~', '\t'));

        assertThat(text(head.cookie(Ascii.bytes(name)))).isEqualTo(value);
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(delimiter = '|', textBlock = """
            A: b                                                             | ''
            X-Forwarded-For: 1.1.1.1                                         | 1.1.1.1
            x-forwarded-for: 1.1.1.1, 2.2.2.2#A: b#X-FORWARDED-FOR:  ::1     | 1.1.1.1, 2.2.2.2,::1
            X-Forwarded-For:#X-Forwarded-For: 1.1.1.1                        | 1.1.1.1
            X-Forwarded-Host: o#X_Forwarded_For: 1.1.1.1#Forwarded: for=1    | ''
            """)
    void theAddressesThatXForwardedForLists(String lines, String addresses) {
        scan("GET / HTTP/1.1#Host: h#" + lines);

        assertThat(head.forwardedFor()).isEqualTo(addresses);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', textBlock = """
            GET /a/B?c=D#Host: Example.COM:1  | http,example.com:1,,/a/B?c=D  | https,example.com:1,,/a/B?c=D
            GET /#Host: h                     | http,h,,/                     | https,h,,/
            GET http://X/a?b#Host: h          | http,x,,/a?b                  | https,x,,/a?b
            GET http://x?b#Host: h            | http,x,,/?b                   | https,x,,/?b
            OPTIONS *#Host: h                 | http,h,,*                     | https,h,,*
            GET /a#Host: h#X-Forwarded-Proto: ws#X-Forwarded-Host: Other.org    | http,h,,/a | ws,h,other.org,/a
            GET /a#Host: h#X-Forwarded-Host: A#X-Forwarded-Host: b  | http,h,,/a | 'https,h,a, b,/a'
            """)
    void theResourceIsSchemeHostsPathAndQuery(String request, String asUntrusted, String asTrusted) {
        scan(request.replaceFirst("#", " HTTP/1.1#"));

        assertThat(head.resource(untrusted)).isEqualTo(lines(asUntrusted));
        assertThat(head.resource(trusted)).isEqualTo(lines(asTrusted));
    }

    @ParameterizedTest(name = "{0}: request {1}, trace {2}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            A: b                                             | - | -
            X-Request-Id: r 1                                | r 1 | -
            x-request-ID:r#TraceParent: 00-1                 | r | 00-1
            X-Request-Id:#traceparent:                       | '' | ''
            X-Request-Id: r#X-Request-Id: r                  | - | -
            X-Request-Id: 1#X-Request-Id: 2#X-Request-Id: 3  | - | -
            traceparent: 1#A: b#traceparent: 2               | - | -
            X-Request-Id: r#Connection: x-request-id         | - | -
            traceparent: 1#Connection: close, traceparent    | - | -
            X-Request-Ids: r#X-Request-I: r                  | - | -
            """)
    void idsThatGoOnAreThoseThatCameOnce(String lines, @Nullable String request, @Nullable String trace) {
        scan("GET / HTTP/1.1#Host: h#" + lines);

        assertThat(text(head.requestId())).isEqualTo(request);
        assertThat(text(head.traceparent())).isEqualTo(trace);
    }

    @Test
    void anIdMayBeTheFirstField() {
        scan("GET / HTTP/1.1#X-Request-Id: r#Host: h");
        assertThat(text(head.requestId())).isEqualTo("r");

        head.reset();
        scan("GET / HTTP/1.1#traceparent: 1#Host: h");
        assertThat(text(head.traceparent())).isEqualTo("1");
    }

    @Test
    void noFieldIsTheIdOfTheRequestWhereNoneIsConfigured() {
        var nameless = new RequestHead(LIMITS);

        assertThat(nameless.scan(buffer("GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: r\r\n\r\n")))
                .isEqualTo(Scan.COMPLETE);
        assertThat(nameless.requestId()).isNull();
        assertThat(text(nameless.value(Ascii.bytes("x-request-id")))).isEqualTo("r");
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource({
        "GET / HTTP/1.1#Host: h, true",
        "GET / HTTP/1.0#Host: h, true",
        "GET / HTTP/1.0, false",
        "GET http://h HTTP/1.0, true"
    })
    void tellsWhetherAHostIsNamed(String request, boolean named) {
        scan(request);

        assertThat(head.hasHost()).isEqualTo(named);
        assertThat(head.host().toString()).isEqualTo(named ? "h" : "");
    }

    @ParameterizedTest(name = "RFC 9110 7.6.2: {0} {1} = {2}")
    @CsvSource({
        "OPTIONS, Max-Forwards: 0, true",
        "TRACE, Max-Forwards: 0, true",
        "OPTIONS, Max-Forwards: 1, false",
        "OPTIONS, A: 0, false",
        "GET, Max-Forwards: 0, false"
    })
    void endsHereWhenItMayNotBeForwarded(String method, String line, boolean ends) {
        scan(method + " / HTTP/1.1#Host: h#" + line);

        assertThat(head.endsHere()).isEqualTo(ends);
    }

    @Test
    void afterAResetNothingIsLeftOfTheHeadBefore() {
        scan("TRACE http://x/a?b HTTP/1.1#Host: h#X-Request-Id: r#traceparent: 1#Max-Forwards: 0#Connection: close"
                + "#Expect: 100-continue#Content-Length: 5");
        assertThat(head.endsHere()).isTrue();
        assertThat(head.expectsContinue()).isTrue();
        assertThat(head.isHttp11()).isTrue();
        head.reset();

        assertThat(head.method()).isEqualTo("GET");
        assertThat(head.target().toString()).isEqualTo("/");
        assertThat(head.path().toString()).isEqualTo("/");
        assertThat(head.host().toString()).isEmpty();
        assertThat(head.hasHost()).isFalse();
        assertThat(head.endsHere()).isFalse();
        assertThat(head.requestId()).isNull();
        assertThat(head.traceparent()).isNull();
        assertThat(head.values(Ascii.bytes("host"))).isNull();
        assertThat(head.isHttp11()).isFalse();
        assertThat(head.keepAlive()).isFalse();
        assertThat(head.framing()).isEqualTo(BodyFraming.NONE);
        assertThat(head.contentLength()).isZero();
        assertThat(head.length()).isZero();
        assertThat(head.error()).isNull();
        assertThat(head.started()).isFalse();

        scan("POST / HTTP/1.1#Host: h#Content-Length: 5");
        assertThat(head.expectsContinue()).isFalse();
        assertThat(head.host().toString()).isEqualTo("h");
    }

    @Test
    void aHeadIsJudgedOnceHoweverOftenItIsScanned() {
        var in = buffer("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET");
        assertThat(head.length()).isZero();
        assertThat(head.scan(in)).isEqualTo(Scan.COMPLETE);
        assertThat(head.scan(in)).isEqualTo(Scan.COMPLETE);
        assertThat(head.length()).isEqualTo(27);

        head.reset();
        var bad = buffer("GET / HTTP/1.1\r\nHost : h\r\n\r\n");
        assertThat(head.scan(bad)).isEqualTo(Scan.REFUSED);
        assertThat(head.scan(buffer("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n")))
                .isEqualTo(Scan.REFUSED);
        assertThat(head.error()).isEqualTo(HeadError.SPACE_IN_FIELD_NAME);
    }

    @Test
    void whatAViewShowsIsCharacters() {
        scan("GET /a-\u00e4?\u00c3 HTTP/1.1#Host: h#A: \u00e4b\u00ff");

        assertThat(head.path().toString()).isEqualTo("/a-\u00e4");
        assertThat(head.target().toString()).isEqualTo("/a-\u00e4?\u00c3");
        CharSequence view = head.value(Ascii.bytes("a"));
        assertThat(view).isNotNull().hasSize(3);
        assertThat(view.charAt(0)).isEqualTo('\u00e4');
        assertThat(view.charAt(2)).isEqualTo('\u00ff');
        assertThat(view.subSequence(1, 3)).isEqualTo("b\u00ff");
    }

    @ParameterizedTest
    @CsvSource({"-1", "3"})
    void aViewEndsWhereItsBytesDo(int index) {
        scan("GET / HTTP/1.1#Host: h#A: xyz");
        CharSequence view = head.value(Ascii.bytes("a"));

        assertThat(view).isNotNull();
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> view.charAt(index));
    }

    private void scan(String lines) {
        head.scan(buffer(lines.replace("#", "\r\n") + "\r\n\r\n"));
    }

    private static @Nullable String text(@Nullable CharSequence view) {
        return view == null ? null : view.toString();
    }

    /** The last comma but one separates what may have a comma itself. */
    private static String lines(String cells) {
        int first = cells.indexOf(',');
        int second = cells.indexOf(',', first + 1);
        int last = cells.lastIndexOf(',');
        return cells.substring(0, first)
                + '\n'
                + cells.substring(first + 1, second)
                + '\n'
                + cells.substring(second + 1, last)
                + '\n'
                + cells.substring(last + 1);
    }
}
