package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static io.breakwater.server.http.RequestHeadTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a backend is told of the client. In the tables # ends a line. */
class ForwardingTest {
    private static final String VIA = "Via: 1.1 breakwater##";

    private final RequestHead head = new RequestHead(new HeadLimits(100, 400, 10));
    private final ByteBuf out = Unpooled.buffer();

    @ParameterizedTest(name = "with {0}")
    @CsvSource(delimiter = '|', textBlock = """
            ''                         | X-Forwarded-For: 9.9.9.9#X-Forwarded-Proto: https#X-Forwarded-Host: h#
            X-Forwarded-Proto: p#      | X-Forwarded-Proto: p#X-Forwarded-For: 9.9.9.9#X-Forwarded-Host: h#
            X-Forwarded-Host: o#       | X-Forwarded-Host: o#X-Forwarded-For: 9.9.9.9#X-Forwarded-Proto: https#
            X-Forwarded-Port: 1#Forwarded: f#   | X-Forwarded-Port: 1#Forwarded: f#X-Forwarded-For: 9.9.9.9#X-Forwarded-Proto: https#X-Forwarded-Host: h#
            X-Forwarded-For: 1#        | X-Forwarded-For: 1, 9.9.9.9#X-Forwarded-Proto: https#X-Forwarded-Host: h#
            X-Forwarded-For:#          | X-Forwarded-For: 9.9.9.9#X-Forwarded-Proto: https#X-Forwarded-Host: h#
            X-Forwarded-For: 1#X-Forwarded-For:#X-Forwarded-For: 2#   | X-Forwarded-For: 1, 2, 9.9.9.9#X-Forwarded-Proto: https#X-Forwarded-Host: h#
            X-Forwarded-For: 1#X-Forwarded-Proto: p#   | X-Forwarded-Proto: p#X-Forwarded-For: 1, 9.9.9.9#X-Forwarded-Host: h#
            X-Forwarded-For: 1#X-Forwarded-Host: o#    | X-Forwarded-Host: o#X-Forwarded-For: 1, 9.9.9.9#X-Forwarded-Proto: https#
            X-Forwarded-Host: o#X-Forwarded-Proto: p#  | X-Forwarded-Host: o#X-Forwarded-Proto: p#X-Forwarded-For: 9.9.9.9#
            """)
    void whatATrustedPeerSaysIsKeptAndItsAddressAppended(String came, String goesOn) {
        assertThat(written(came, true)).isEqualTo(lines("GET / HTTP/1.1#Host: h#" + goesOn + VIA));
    }

    @ParameterizedTest(name = "with {0}")
    @CsvSource({
        "''",
        "X-Forwarded-For: 1#",
        "X-Forwarded-Proto: p#",
        "X-Forwarded-Host: o#",
        "X-Forwarded-Port: 1#",
        "Forwarded: f#",
        "X-Forwarded-For: 1#X-Forwarded-Proto: p#X-Forwarded-Host: o#X_Forwarded_For: 2#Forwarded: f#"
    })
    void whatAnyOtherPeerSaysIsNot(String came) {
        assertThat(written(came, false))
                .isEqualTo(lines("GET / HTTP/1.1#Host: h#X-Forwarded-For: 9.9.9.9#X-Forwarded-Proto: https#"
                        + "X-Forwarded-Host: h#" + VIA));
    }

    private String written(String came, boolean trusted) {
        assertThat(head.scan(buffer(lines("GET / HTTP/1.1#Host: h#" + came + "#"))))
                .isEqualTo(Scan.COMPLETE);
        head.writeUpstream(out, new Forwarding("9.9.9.9", "https", trusted), new NoIds(), 0, new byte[0], null);
        return text(out);
    }

    private static String lines(String lines) {
        return lines.replace("#", "\r\n");
    }
}
