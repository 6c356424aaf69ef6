package io.breakwater.server.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fuzz.Fuzzing;
import io.breakwater.time.ManualTicker;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Whatever stands in a line, it is answered by one JSON object in one line, and the next line is read. */
class NodeFuzzTest {
    private static final String LAST = "{\"type\":\"call\",\"msg_id\":77001,\"service\":\"last\"}";

    private final JsonFactory json = new JsonFactory();

    @Test
    void lines() throws InterruptedException {
        new Fuzzing("node", this::check).run(10_000);
    }

    private void check(byte[] input) throws IOException {
        ByteArrayOutputStream in = new ByteArrayOutputStream();
        in.writeBytes(input);
        in.writeBytes(("\n" + LAST + "\n").getBytes(UTF_8));
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        new CircuitNode(2, Duration.ofSeconds(30), new ManualTicker(0))
                .run(new ByteArrayInputStream(in.toByteArray()), out);

        List<String> replies = out.toString(UTF_8).lines().toList();
        assertThat(replies).hasSize(linesWithText(in.toByteArray()));
        replies.forEach(this::assertOneObject);
        assertThat(replies.get(replies.size() - 1)).contains("77001").doesNotContain("error\"");
        assertThat(out.toString(UTF_8)).doesNotContain("Exception").doesNotContain("jackson");
    }

    private static int linesWithText(byte[] bytes) {
        int lines = 0;
        boolean text = false;
        for (byte b : bytes) {
            if (b == '\n') {
                lines += text ? 1 : 0;
                text = false;
            } else {
                text |= b != ' ' && b != '\t' && b != '\r';
            }
        }
        return lines;
    }

    private void assertOneObject(String line) {
        try (JsonParser parser = json.createParser(ObjectReadContext.empty(), line)) {
            assertThat(parser.nextToken()).as(line).isEqualTo(JsonToken.START_OBJECT);
            parser.skipChildren();
            assertThat(parser.nextToken()).as(line).isNull();
        }
    }
}
