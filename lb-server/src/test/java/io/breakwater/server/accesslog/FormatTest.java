package io.breakwater.server.accesslog;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.metrics.FallbackType;
import io.breakwater.metrics.RejectionReason;
import io.breakwater.server.http.HeadLimits;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.http.Scan;
import io.breakwater.server.trace.IdFields;
import io.breakwater.server.trace.IdSource;
import io.breakwater.server.trace.RequestIds;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a line looks like, to the byte, whatever a client sends. */
class FormatTest {
    private static final Instant NOW = Instant.parse("2026-01-05T12:34:56.007089Z");
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static final IdFields ID_FIELDS = new IdFields("X-Request-Id", true);
    private static final List<String> NO_MASK = List.of();

    private final Ring ring = new Ring(1 << 16);
    private final JsonFormat json = new JsonFormat();
    private final CombinedFormat combined = new CombinedFormat();

    private String json(Entry entry, List<String> mask) {
        return line(json, entry, mask, NOW);
    }

    private String line(LineFormat format, Entry entry, List<String> mask, Instant now) {
        ring.begin();
        format.write(entry, now, new QueryMask(mask), ring);
        assertThat(ring.commit()).isTrue();
        StringBuilder line = new StringBuilder();
        while (ring.waiting() > 0) {
            ByteBuffer piece = ring.piece(ring.waiting());
            line.append(ISO_8859_1.decode(piece.duplicate()));
            ring.took(piece.remaining());
        }
        assertThat(line).endsWith("\n");
        String text = new String(line.toString().getBytes(ISO_8859_1), UTF_8);
        assertThat(text.lines()).as("a line is one line").hasSize(1);
        return text.stripTrailing();
    }

    private static Config parsed(String line) {
        return ConfigFactory.parseString(line, ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
    }

    private static RequestHead head(String method, String target, String... fields) {
        RequestHead head = new RequestHead(new HeadLimits(8192, 32768, 100), ID_FIELDS.requestIdName());
        String text = method + " " + target + " HTTP/1.1\r\nHost: x\r\n"
                + String.join(
                        "", List.of(fields).stream().map(each -> each + "\r\n").toList()) + "\r\n";
        assertThat(head.scan(Unpooled.copiedBuffer(text, ISO_8859_1))).isEqualTo(Scan.COMPLETE);
        return head;
    }

    private static RequestIds ids(IdFields fields, RequestHead head) {
        RequestIds ids = new RequestIds(IdSource.seeded());
        ids.begin(head, fields);
        return ids;
    }

    private static Entry served(RequestHead head) {
        return new Entry()
                .request("192.0.2.7", head, ids(ID_FIELDS, head))
                .served("cart", "web", "a:80", 2, Outcome.SUCCESS)
                .answered(200, null, CircuitState.HALF_OPEN, null)
                .took(12_345_600, 17, 4096);
    }

    @Test
    void aServedRequestAsJson() {
        Entry entry = served(head("GET", "/cart/1?a=b", "X-Request-Id: r-1", "Traceparent: " + TRACE));

        assertThat(json(entry, NO_MASK))
                .isEqualTo("{\"time\":\"2026-01-05T12:34:56.007089Z\",\"requestId\":\"r-1\","
                        + "\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"route\":\"cart\",\"pool\":\"web\","
                        + "\"backend\":\"a:80\",\"method\":\"GET\",\"path\":\"/cart/1?a=b\",\"status\":200,"
                        + "\"reason\":null,\"circuitState\":\"half-open\",\"attempts\":2,\"outcome\":\"success\","
                        + "\"fallback\":null,\"durationMillis\":12.346,\"bytesIn\":17,\"bytesOut\":4096}");
    }

    @Test
    void aRejectedRequestThatAFallbackAnswered() {
        RequestHead head = head("GET", "/");
        Entry entry = new Entry()
                .request("192.0.2.7", head, ids(ID_FIELDS, head))
                .served("all", "web", null, 0, null)
                .answered(200, RejectionReason.CIRCUIT_OPEN, CircuitState.OPEN, FallbackType.STATIC)
                .took(0, 0, 0);

        assertThat(json(entry, NO_MASK))
                .contains("\"backend\":null", "\"reason\":\"circuit_open\"", "\"attempts\":0,\"outcome\":null")
                .contains("\"fallback\":\"static\",\"durationMillis\":0,");
    }

    @Test
    void aClientThatLeftAndBytesThatAreNoRequest() {
        Entry left = served(head("GET", "/")).answered(0, null, null, null);

        assertThat(json(left, NO_MASK)).contains("\"status\":null,\"reason\":\"client_closed\",\"circuitState\":null");
        assertThat(line(combined, left, NO_MASK, NOW)).contains("\"GET / HTTP/1.1\" 499 ");

        Entry garbage = new Entry()
                .request("192.0.2.7", null, null)
                .served("none", null, null, 0, null)
                .answered(400, RejectionReason.BAD_REQUEST, CircuitState.CLOSED, null)
                .took(1, 0, 30);

        assertThat(json(garbage, NO_MASK))
                .contains("\"requestId\":null,\"traceId\":null,")
                .contains("\"pool\":null,\"backend\":null,\"method\":null,\"path\":null,\"status\":400");
        assertThat(line(combined, garbage, NO_MASK, NOW))
                .isEqualTo("192.0.2.7 - - [05/Jan/2026:12:34:56 +0000] \"-\" 400 30 \"-\" \"-\"");
    }

    @Test
    void theCombinedFormat() {
        Entry entry =
                served(head("GET", "/a?token=s", "Referer: http://x/?token=t&b=1", "User-Agent: a \"b\"\\\t\u00fc"));

        assertThat(line(combined, entry, List.of("token"), NOW))
                .isEqualTo("192.0.2.7 - - [05/Jan/2026:12:34:56 +0000] \"GET /a?token=*** HTTP/1.1\" 200 4096"
                        + " \"http://x/?token=***&b=1\" \"a \\x22b\\x22\\x5C\\x09\\xFC\"");
    }

    @Test
    void theTimeGoesOn() {
        Entry entry = served(head("GET", "/"));

        assertThat(line(json, entry, NO_MASK, NOW)).contains("12:34:56.007089Z");
        assertThat(line(json, entry, NO_MASK, NOW.plusMillis(993))).contains("12:34:57.000089Z");
        assertThat(line(json, entry, NO_MASK, NOW)).contains("12:34:56.007089Z");
        assertThat(line(json, entry, NO_MASK, Instant.ofEpochMilli(-1))).contains("1969-12-31T23:59:59.999000Z");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "499, 0",
        "500, 0.001",
        "1000, 0.001",
        "10000, 0.01",
        "999499, 0.999",
        "1000000, 1",
        "1500000, 1.5",
        "1234567, 1.235",
        "-5000, 0",
        "3600000000000, 3600000"
    })
    void millisecondsHaveUpToThreeDecimals(long nanos, String expected) {
        assertThat(json(served(head("GET", "/")).took(nanos, 0, 0), NO_MASK))
                .contains("\"durationMillis\":" + expected + ",");
    }

    @Test
    void whatAClientSendsCannotBreakALineOrAString() {
        String hostile = "\"}\\{'<script>\\u000a";
        String line = json(served(head("GET", "/", "X-Request-Id: " + hostile)), NO_MASK);

        assertThat(line).contains("\"requestId\":\"\\\"}\\\\{'<script>\\\\u000a\",");
        assertThat(parsed(line).getString("requestId")).isEqualTo(hostile);
    }

    @Test
    void aTargetsBytesThatWouldBreakALineOrAStringAreEscaped() {
        String target = "/\"<a>/caf\u00c3\u00a9?q=\"y\"&z=\u0085\u00a0\u00ff\\";
        Entry entry = served(head("GET", target));

        assertThat(json(entry, NO_MASK))
                .contains("\"path\":\"/\\\"<a>/caf\\u00C3\\u00A9?q=\\\"y\\\"&z=\\u0085\\u00A0\\u00FF\\\\\",");
        assertThat(parsed(json(entry, NO_MASK)).getString("path")).isEqualTo(target);
        assertThat(line(combined, entry, NO_MASK, NOW))
                .contains("\"GET /\\x22<a>/caf\\xC3\\xA9?q=\\x22y\\x22&z=\\x85\\xA0\\xFF\\x5C HTTP/1.1\"");
    }

    @Test
    void namesOfTheConfigurationMayBeAnyText() {
        Entry entry = served(head("GET", "/")).served("/caf\u00e9 \"\ud83d\ude00\"", "web", "a:80", 1, Outcome.SUCCESS);

        assertThat(parsed(json(entry, NO_MASK)).getString("route")).isEqualTo("/caf\u00e9 \"\ud83d\ude00\"");
    }

    @ParameterizedTest
    @CsvSource({
        "/a, /a",
        "/a?, /a?",
        "/a?token, /a?token",
        "/a?token=, /a?token=***",
        "/a?token=x&b=1&token=y=z?&, /a?token=***&b=1&token=***&",
        "/a?b=token=1&mytoken=2&tokens=3, /a?b=token=1&mytoken=2&tokens=3",
        "/a?%74oke%6E=x&Token=y, /a?%74oke%6E=***&Token=y",
        "/a?%zz=1&%7=2, /a?%zz=1&%7=2",
        "/a?api+key=1&api%20key=2, /a?api+key=***&api%20key=***",
        "/a?\u00c3\u00a9t\u00c3\u00a9=1&%C3%A9t%c3%a9=2, /a?\u00c3\u00a9t\u00c3\u00a9=***&%C3%A9t%c3%a9=***",
        "/token=x?a, /token=x?a",
        "http://h/a?token=x, /a?token=***",
        "http://h?token=x, /?token=***"
    })
    void valuesOfMaskedParametersAreNotWritten(String target, String path) {
        assertThat(parsed(json(served(head("GET", target)), List.of("token", "api key", "\u00e9t\u00e9")))
                        .getString("path"))
                .isEqualTo(path);
    }

    @Test
    void idsThatWereMadeForTheBackendAreWritten() {
        Config line = parsed(json(served(head("GET", "/", "X-Request-Id: not one", "traceparent: nor this")), NO_MASK));

        assertThat(line.getString("requestId")).matches("[0-9a-f]{32}");
        assertThat(line.getString("traceId")).matches("[0-9a-f]{32}").isNotEqualTo(line.getString("requestId"));
    }

    @Test
    void whereNoneAreMadeThereAreOnlyTheClients() {
        IdFields off = new IdFields(null, false);
        RequestHead without = head("GET", "/");
        RequestHead with = head("GET", "/", "traceparent: " + TRACE);

        assertThat(json(served(without).request("192.0.2.7", without, ids(off, without)), NO_MASK))
                .contains("\"requestId\":null,\"traceId\":null,");
        assertThat(json(served(with).request("192.0.2.7", with, ids(off, with)), NO_MASK))
                .contains("\"requestId\":null,\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",");
    }
}
