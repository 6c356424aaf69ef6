package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FieldNameTest {

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource({
        "host, 1",
        "content-length, 2",
        "transfer-encoding, 3",
        "connection, 4",
        "expect, 5",
        "trailer, 6",
        "via, 7",
        "date, 8",
        "max-forwards, 9",
        "x-forwarded-for, 10",
        "x-forwarded-proto, 11",
        "x-forwarded-host, 12",
        "forwarded, 13",
        "x-forwarded-port, 13",
        "x-forwarded-, 13",
        "x_forwarded_for, 13", // to an application behind CGI the same as X-Forwarded-For
        "x-forwarded_proto, 13",
        "x_forwarded_by-somebody-with-a-long-name, 13",
        "te, 14",
        "upgrade, 14",
        "keep-alive, 14",
        "proxy-connection, 14",
        "proxy-authenticate, 14",
        "proxy-authorization, 14",
        "proxy-authentication-info, 14",
        "x-breakwater-fallback, 16",
        "traceparent, 17",
        "tracestate, 18"
    })
    void aNameIsKnownWhateverItsCase(String name, int number) {
        for (String each : new String[] {name, name.toUpperCase(Locale.ROOT)}) {
            byte[] bytes = Ascii.bytes("x" + each + "x");
            assertThat(FieldName.of(bytes, 1, bytes.length - 1)).as(each).isEqualTo(number);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "h",
                "hos",
                "hosts",
                "hast",
                "keep_alive",
                "content_length",
                "xforwarded-for",
                "x-forwarded",
                "x-forwarde-for",
                "y-forwarded-for",
                "x-forwarded+for",
                "transfer-encodings",
                "proxy-authentication-inf",
                "proxy-authentication-infos"
            })
    void aNameThatOnlyLooksLikeOneIsAnother(String name) {
        byte[] bytes = Ascii.bytes(name);

        assertThat(FieldName.of(bytes, 0, bytes.length)).isEqualTo(FieldName.OTHER);
    }

    @Test
    void whatIsBehindANameIsNoneOfIt() {
        byte[] bytes = Ascii.bytes("A: 1, Via: 1.1 b, x-forwarded-for");
        int from = bytes.length - "x-forwarded-for".length();

        assertThat(FieldName.of(bytes, from, from + "x-forward".length())).isEqualTo(FieldName.OTHER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host",
                "Content-Length",
                "Transfer-Encoding",
                "Connection",
                "Expect",
                "Trailer",
                "Max-Forwards",
                "X-Forwarded-For",
                "X-Forwarded-Proto",
                "X-Forwarded-Host",
                "X-Forwarded-Port",
                "X_Forwarded_For",
                "Forwarded",
                "TE",
                "Upgrade",
                "Keep-Alive",
                "Proxy-Connection",
                "Proxy-Authorization"
            })
    void whatFramesRoutesOrForwardsIsNoTrailer(String name) {
        var body = new BodyReader();
        body.start(BodyFraming.CHUNKED, 0);

        assertThat(body.advance(buffer("0\r\n" + name + ": 1\r\n\r\n"), null)).isEqualTo(BodyReader.MALFORMED);
        assertThat(body.error()).isEqualTo(BodyError.FORBIDDEN_TRAILER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Date", "Via", "ETag", "Traceparent", "Server-Timing", "X-Forwarded"})
    void whatElseThereIsMayBeATrailer(String name) {
        var body = new BodyReader();
        body.start(BodyFraming.CHUNKED, 0);
        String trailers = "0\r\n" + name + ": 1\r\n\r\n";

        assertThat(body.advance(buffer(trailers), null)).isEqualTo(trailers.length());
        assertThat(body.complete()).isTrue();
        assertThat(body.error()).isNull();
    }
}
