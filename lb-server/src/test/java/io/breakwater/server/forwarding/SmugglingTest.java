package io.breakwater.server.forwarding;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests that two readers might frame differently: refused, the connection closed, and not a byte of them upstream.
 * What follows each of them on the connection is a request that an attacker wants to have executed.
 */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SmugglingTest {
    private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

    private final ScriptedBackend backend = ScriptedBackend.start();
    private final Proxy proxy = Proxy.start(Conf.everything(backend.url()));

    @BeforeAll
    void theProxyForwards() {
        assertThat(proxy.get("/fine").status()).isEqualTo(200);
    }

    @AfterAll
    void stop() throws IOException {
        proxy.close();
        backend.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n",
                "Transfer-Encoding: chunked\nContent-Length: 5\n\n0\n\n",
                "Content-Length: 0\nTransfer-Encoding: chunked\n\n0\n\n",
                "Content-Length: 4\nContent-Length: 5\n\nbody5",
                "Content-Length: 4, 5\n\nbody5",
                "Content-Length: +4\n\nbody",
                "Content-Length: -4\n\nbody",
                "Content-Length: 0x4\n\nbody",
                "Content-Length: 4 4\n\nbody",
                "Content-Length: 4a\n\nbody",
                "Content-Length: \n\nbody",
                "Content-Length: 99999999999999999999\n\nbody",
                "Content-Length : 4\n\nbody",
                "Content-Length\t: 4\n\nbody",
                "Content-Length: 4\n 5\n\nbody",
                "Transfer-Encoding : chunked\n\n0\n\n",
                "Transfer-Encoding: xchunked\n\n0\n\n",
                "Transfer-Encoding: chunked, xchunked\n\n0\n\n",
                "Transfer-Encoding: chunked, identity\n\n0\n\n",
                "Transfer-Encoding: identity\n\n",
                "Transfer-Encoding: chunked, chunked\n\n0\n\n",
                "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n0\n\n",
                "Transfer-Encoding: chunked\nTransfer-Encoding: identity\n\n0\n\n",
                "Transfer-Encoding:\u000bchunked\n\n0\n\n",
                "Transfer-Encoding: \"chunked\"\n\n0\n\n",
                "Transfer-Encoding:\n chunked\n\n0\n\n",
                "X: y\n Transfer-Encoding: chunked\n\n0\n\n",
                " Transfer-Encoding: chunked\n\n0\n\n",
                "X: \u0000\n\n",
                "X: a\rTransfer-Encoding: chunked\n\n0\n\n",
                "X\u0000: a\n\n",
                "X Y: a\n\n",
                ": a\n\n",
                "X(: a\n\n",
                "no colon\n\n",
                "Host: second\n\n",
            })
    void anAmbiguousHeadIsRefused(String fields) throws IOException {
        assertRefused("POST /ambiguous HTTP/1.1\r\nHost: x\r\n" + fields.replace("\n", "\r\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST /a HTTP/1.1\r\n\r\n",
                "POST /a HTTP/1.1\r\nHost: a b\r\n\r\n",
                "POST /a HTTP/1.1\r\nHost: a/b\r\n\r\n",
                "POST /a HTTP/1.1\r\nHost: u@x\r\n\r\n",
                "POST /a HTTP/1.1\r\nHost: x\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST /a b HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST  /a HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST /a  HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST\t/a HTTP/1.1\r\nHost: x\r\n\r\n",
                " POST /a HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST /a HTTP/1.1 \r\nHost: x\r\n\r\n",
                "POST /a http/1.1\r\nHost: x\r\n\r\n",
                "POST /a HTTP/1.11\r\nHost: x\r\n\r\n",
                "POST /a\u0000 HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST /a#fragment HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST a HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST http://u@x/a HTTP/1.1\r\nHost: x\r\n\r\n",
                "P{}ST /a HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST /a\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\r\n\r\n",
            })
    void aMalformedRequestIsRefused(String request) throws IOException {
        assertRefused(request);
    }

    private void assertRefused(String request) throws IOException {
        int before = backend.requests().size();
        try (RawClient client = proxy.connect()) {
            client.send(request + SMUGGLED);
            HttpMessage response = client.read();

            assertThat(response.status()).as("%s", response).isIn(400, 501, 505);
            assertThat(response.text()).startsWith("{\"error\": \"");
            assertThat(response.field("Content-Type")).isEqualTo("application/json");
            assertThat(response.field("Connection")).isEqualToIgnoringCase("close");
            assertThat(response.field("X-Circuit-State")).isEqualTo("closed");
            assertThat(client.readByte()).as("nothing follows").isEqualTo(-1);
        }
        assertThat(proxy.get("/after").status()).isEqualTo(200);
        assertThat(backend.requests())
                .hasSize(before + 1)
                .last()
                .extracting(HttpMessage::target)
                .isEqualTo("/after");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5\nhello\n",
                "zz\n",
                "-1\n",
                "0x5\nhello\n0\n\n",
                "5 \nhello\n0\n\n",
                " 5\nhello\n0\n\n",
                "5\nhello0\n\n",
                "5\nhelloXX0\n\n",
                "fffffffffffffffff\n",
                "5;a\u0000b\nhello\n0\n\n",
                "5;a=\"\nhello\n0\n\n",
                "0\nX : y\n\n",
                "0\n X: y\n\n",
                "\n"
            })
    void aMalformedChunkEndsTheRequestAndNothingAfterItIsRead(String chunks) throws IOException {
        int before = backend.requests().size();
        String body = chunks.replace("\n", "\r\n");
        if (chunks.equals("5\nhello\n")) {
            body = "5\r\nhello\n0\n\n"; // line ends without CR
        }
        try (RawClient client = proxy.connect()) {
            client.send("POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body + SMUGGLED);
            HttpMessage response = client.read();

            assertThat(response.status()).as("%s", response).isEqualTo(400);
            assertThat(response.field("Connection")).isEqualToIgnoringCase("close");
            assertThat(client.readByte()).isEqualTo(-1);
        }
        assertThat(proxy.get("/after").status()).isEqualTo(200);
        // The head may be on its way when the body turns out to be broken; then the backend is told that it is not
        // whole.
        assertThat(since(before))
                .filteredOn(request -> request.target().equals("/chunked"))
                .noneMatch(HttpMessage::complete);
        assertThat(since(before)).extracting(HttpMessage::target).doesNotContain("/smuggled");
        assertThat(proxy.circuit("default", backend)).isEqualTo("closed");
        assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                .isZero();
    }

    private List<HttpMessage> since(int before) {
        return backend.requests().subList(before, backend.requests().size());
    }

    @Test
    void whatComesBeforeAnAmbiguousRequestIsAnsweredFirst() throws IOException {
        int before = backend.requests().size();
        try (RawClient client = proxy.connect()) {
            client.send("GET /first HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "POST /second HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                    + SMUGGLED);

            assertThat(client.read().text()).isEqualTo("ok");
            assertThat(client.read().status()).isEqualTo(400);
            assertThat(client.readByte()).isEqualTo(-1);
        }
        assertThat(since(before)).extracting(HttpMessage::target).containsExactly("/first");
    }

    @Test
    void aBodyThatLooksLikeARequestStaysABody() throws IOException {
        int before = backend.requests().size();
        HttpMessage response = proxy.request(
                "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: " + SMUGGLED.length() + "\r\n\r\n" + SMUGGLED);

        assertThat(response.status()).isEqualTo(200);
        assertThat(backend.requests()).hasSize(before + 1);
        assertThat(backend.requests().get(before).text()).isEqualTo(SMUGGLED);
    }
}
