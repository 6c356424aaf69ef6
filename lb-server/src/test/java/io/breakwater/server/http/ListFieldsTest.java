package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fields that are lists: their elements, whatever stands between them. In the tables ~ is a tab. */
class ListFieldsTest {
    private final RequestHead head = new RequestHead(new HeadLimits(100, 400, 10));

    @ParameterizedTest(name = "RFC 9112 6.1, 6.3: {0} = {1}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            chunked                 | -
            ChunkeD~                | -
            chunke                  | CHUNKED_NOT_LAST
            chunked;a=b             | CHUNKED_NOT_LAST
            chunked,                | CHUNKED_NOT_LAST
            chunked, ~              | CHUNKED_NOT_LAST
            gzip, chunked,          | CHUNKED_NOT_LAST
            gzip,chunked            | UNKNOWN_CODING
            gzip ~,~ CHUNKED        | UNKNOWN_CODING
            gzip, ,chunked          | UNKNOWN_CODING
            , chunked               | UNKNOWN_CODING
            chunked,chunked         | REPEATED_CODING
            chunked~ ,gzip, Chunked | REPEATED_CODING
            chunked, chunked, gzip  | REPEATED_CODING
            """)
    void theOnlyCodingIsChunkedOnce(String value, @Nullable HeadError error) {
        scan("Transfer-Encoding: " + value);

        assertThat(head.error()).isEqualTo(error);
    }

    @ParameterizedTest(name = "RFC 9110 7.6.1: Connection: {0} takes {1}")
    @CsvSource(delimiter = '|', textBlock = """
            a                  | A
            a,b                | A B
            A ~,~ B            | A B
            , a ,, b ,         | A B
            ab                 | ''
            a b                | ''
            close, b           | B
            c, keep-alive      | C
            a,x1,x2,x3,x4,x5,c | A C
            """)
    void connectionOptionsNameFieldsThatStayHere(String options, String gone) {
        scan("Connection: " + options + "#A: 1#B: 1#C: 1");

        String sent = upstream();
        for (String name : new String[] {"A", "B", "C"}) {
            assertThat(sent.contains("\r\n" + name + ": 1\r\n")).as(name).isEqualTo(!gone.contains(name));
        }
    }

    @Test
    void emptyOptionsAreNotCounted() {
        scan("Connection: " + ", ".repeat(50) + "close#A: 1");

        assertThat(head.error()).isNull();
        assertThat(head.keepAlive()).isFalse();
    }

    @Test
    void asManyOptionsAsFieldsAreTaken() {
        scan("Connection: a,b,c,d,e,f,g,h,i,j");
        assertThat(head.error()).isNull();

        head.reset();
        scan("Connection: a,b,c,d,e#Connection: f,g,h,i,j,k");
        assertThat(head.error()).isEqualTo(HeadError.TOO_MANY_FIELDS);
    }

    private void scan(String lines) {
        head.scan(buffer(
                "GET / HTTP/1.1\r\nHost: h\r\n" + lines.replace("#", "\r\n").replace('~', '\t') + "\r\n\r\n"));
    }

    private String upstream() {
        ByteBuf out = Unpooled.buffer();
        head.writeUpstream(out, new Forwarding("10.0.0.9", "http", false), new NoIds(), 0, new byte[0], null);
        return text(out);
    }
}
