package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A head that was kept as it went upstream once goes there again as it is, but for its path and its host. */
class StoredRequestTest {
    private static final String FIELDS =
            "A: 1#Host: h#Connection: a#X-Forwarded-For: 1#Transfer-Encoding: chunked#Via: x#";

    private final RequestHead head = new RequestHead(new HeadLimits(100, 400, 10));
    private final ByteBuf out = Unpooled.buffer();

    @ParameterizedTest(name = "{0} cut {1} put {2} = {3}")
    @CsvSource({
        "/a/b?c, 0, '', /a/b?c",
        "/a/b?c, 2, '', /b?c",
        "/a/b?c, 3, /x/, /x/b?c",
        "/a/b?c, 4, '', /?c",
        "/a, 0, /x, /x/a"
    })
    void itsPathIsRewritten(String target, int cut, String prefix, String expected) {
        store("POST " + target + " HTTP/1.1#" + FIELDS);

        head.writeStored(out, cut, Ascii.bytes(prefix), null);
        assertThat(text(out)).isEqualTo(lines("POST " + expected + " HTTP/1.1#" + FIELDS));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            nullValues = "-",
            value = {
                "-, '', /a, A: 1#Host: h#B: 2#",
                "b:1, '', /a, Host: b:1#A: 1#B: 2#",
                "b:1, /x, /x/a, Host: b:1#A: 1#B: 2#"
            })
    void itsHostIsReplacedWhereAnotherIsGiven(@Nullable String host, String prefix, String path, String fields) {
        store("GET /a HTTP/1.1#A: 1#Host: h#B: 2#");

        head.writeStored(out, 0, Ascii.bytes(prefix), host == null ? null : Ascii.bytes(host));
        assertThat(text(out)).isEqualTo(lines("GET " + path + " HTTP/1.1#" + fields));
    }

    private void store(String lines) {
        assertThat(head.scan(buffer(lines(lines)))).isEqualTo(Scan.COMPLETE);
    }

    private static String lines(String lines) {
        return lines.replace("#", "\r\n") + "\r\n";
    }
}
