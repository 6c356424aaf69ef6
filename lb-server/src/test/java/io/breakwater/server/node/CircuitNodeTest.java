package io.breakwater.server.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.breakwater.time.ManualTicker;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CircuitNodeTest {
    private static final Duration RECOVERY = Duration.ofSeconds(30);

    private final ManualTicker ticker = new ManualTicker(Long.MAX_VALUE - RECOVERY.toNanos() / 2);
    private final CircuitNode node = new CircuitNode(5, RECOVERY, ticker);

    private List<String> replies(byte[] lines) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        node.run(new ByteArrayInputStream(lines), out);
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private List<String> replies(String... lines) throws IOException {
        return replies((String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private String reply(String line) throws IOException {
        List<String> replies = replies(line);
        assertThat(replies).hasSize(1);
        return replies.get(0);
    }

    @Test
    void itIntroducesItselfInAnEnvelopeAndCountsItsMessages() throws IOException {
        assertThat(replies(
                        "{\"src\":\"c0\",\"dest\":\"n1\",\"body\":{\"type\":\"init\",\"msg_id\":1,\"node_id\":\"n1\",\"node_ids\":[\"n1\"]}}",
                        "{\"src\":\"c7\",\"dest\":\"n1\",\"body\":{\"type\":\"init\",\"msg_id\":9}}"))
                .containsExactly(
                        "{\"src\":\"n1\",\"dest\":\"c0\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":1,\"msg_id\":0}}",
                        "{\"src\":\"n1\",\"dest\":\"c7\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":9,\"msg_id\":1}}");
    }

    @Test
    void forcedFailuresThatReachTheThresholdOpenTheCircuit() throws IOException {
        assertThat(reply("{\"type\":\"call\",\"msg_id\":1,\"service\":\"service-b\",\"force_failures\":5}"))
                .isEqualTo(
                        "{\"type\": \"circuit_breaker_open\", \"in_reply_to\": 1, \"service\": \"service-b\", \"failures\": 5}");
    }

    @Test
    void aCallToAnOpenCircuitIsRefused() throws IOException {
        assertThat(reply("{\"type\":\"call\",\"msg_id\":2,\"service\":\"service-b\",\"state\":\"open\"}"))
                .isEqualTo(
                        "{\"type\": \"error\", \"in_reply_to\": 2, \"error\": \"Circuit breaker OPEN\", \"service\": \"service-b\"}");
    }

    @Test
    void aSuccessInHalfOpenCloses() throws IOException {
        assertThat(
                        reply(
                                "{\"type\":\"call\",\"msg_id\":3,\"service\":\"service-b\",\"state\":\"half_open\",\"force_success\":true}"))
                .isEqualTo(
                        "{\"type\": \"circuit_breaker_closed\", \"in_reply_to\": 3, \"service\": \"service-b\", \"state\": \"closed\"}");
        assertThat(reply("{\"type\":\"call\",\"msg_id\":4,\"state\":\"half_open\"}"))
                .as("without force_success")
                .contains("circuit_breaker_closed");
    }

    @Test
    void theThreeDialoguesAlsoRunInEnvelopes() throws IOException {
        assertThat(replies(
                        "{\"src\":\"c0\",\"dest\":\"n1\",\"body\":{\"type\":\"init\",\"msg_id\":1}}",
                        "{\"src\":\"c0\",\"dest\":\"n1\",\"body\":{\"type\":\"call\",\"msg_id\":2,\"service\":\"service-b\",\"force_failures\":5}}",
                        "{\"src\":\"c0\",\"dest\":\"n1\",\"body\":{\"type\":\"call\",\"msg_id\":3,\"service\":\"service-b\"}}",
                        "{\"src\":\"c0\",\"dest\":\"n1\",\"body\":{\"type\":\"call\",\"msg_id\":4,\"service\":\"service-b\",\"state\":\"half_open\",\"force_success\":true}}",
                        "{\"src\":\"c0\",\"dest\":\"n1\",\"body\":{\"type\":\"init\",\"msg_id\":5}}"))
                .containsExactly(
                        "{\"src\":\"n1\",\"dest\":\"c0\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":1,\"msg_id\":0}}",
                        "{\"type\": \"circuit_breaker_open\", \"in_reply_to\": 2, \"service\": \"service-b\", \"failures\": 5}",
                        "{\"type\": \"error\", \"in_reply_to\": 3, \"error\": \"Circuit breaker OPEN\", \"service\": \"service-b\"}",
                        "{\"type\": \"circuit_breaker_closed\", \"in_reply_to\": 4, \"service\": \"service-b\", \"state\": \"closed\"}",
                        "{\"src\":\"n1\",\"dest\":\"c0\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":5,\"msg_id\":1}}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"force_success\":false", "\"force_failures\":1"})
    void aFailureInHalfOpenOpensAgainWithTheFailuresSoFar(String forced) throws IOException {
        reply("{\"type\":\"call\",\"msg_id\":1,\"force_failures\":5}");

        assertThat(reply("{\"type\":\"call\",\"msg_id\":2,\"state\":\"half_open\"," + forced + "}"))
                .isEqualTo(
                        "{\"type\": \"circuit_breaker_open\", \"in_reply_to\": 2, \"service\": \"service-b\", \"failures\": 6}");
        assertThat(reply("{\"type\":\"call\",\"msg_id\":3}")).contains("Circuit breaker OPEN");
    }

    @Test
    void failuresBeyondTheThresholdInTheSameCallCountToo() throws IOException {
        assertThat(reply("{\"type\":\"call\",\"msg_id\":1,\"force_failures\":7}"))
                .contains("\"failures\": 7}");
        assertThat(reply("{\"type\":\"call\",\"msg_id\":2,\"state\":\"half_open\",\"force_failures\":3}"))
                .contains("circuit_breaker_open")
                .contains("\"failures\": 10}");
    }

    @Test
    void failuresBelowTheThresholdAddUpOverCallsUntilASuccess() throws IOException {
        assertThat(replies(
                        "{\"type\":\"call\",\"msg_id\":1,\"force_failures\":3}",
                        "{\"type\":\"call\",\"msg_id\":2,\"force_success\":false}",
                        "{\"type\":\"call\",\"msg_id\":3}",
                        "{\"type\":\"call\",\"msg_id\":4,\"force_failures\":4}",
                        "{\"type\":\"call\",\"msg_id\":5,\"force_failures\":1}"))
                .containsExactly(
                        "{\"type\": \"call_ok\", \"in_reply_to\": 1, \"service\": \"service-b\", \"state\": \"closed\", \"failures\": 3}",
                        "{\"type\": \"call_ok\", \"in_reply_to\": 2, \"service\": \"service-b\", \"state\": \"closed\", \"failures\": 4}",
                        "{\"type\": \"call_ok\", \"in_reply_to\": 3, \"service\": \"service-b\", \"state\": \"closed\", \"failures\": 0}",
                        "{\"type\": \"call_ok\", \"in_reply_to\": 4, \"service\": \"service-b\", \"state\": \"closed\", \"failures\": 4}",
                        "{\"type\": \"circuit_breaker_open\", \"in_reply_to\": 5, \"service\": \"service-b\", \"failures\": 5}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"{}|0", "{\"force_success\":true}|0", "{\"force_failures\":0}|0", "{\"force_success\":false}|1"})
    void aCallThatOpensAndClosesNothingIsOk(String forced, int failures) throws IOException {
        String fields = forced.length() > 2 ? "," + forced.substring(1) : "}";

        assertThat(reply("{\"type\":\"call\",\"msg_id\":1" + fields))
                .isEqualTo("{\"type\": \"call_ok\", \"in_reply_to\": 1, \"service\": \"service-b\","
                        + " \"state\": \"closed\", \"failures\": " + failures + "}");
    }

    @Test
    void theRecoveryTimeoutLetsOneCallThroughFromItsLastNanosecondOn() throws IOException {
        reply("{\"type\":\"call\",\"msg_id\":1,\"force_failures\":5}");

        ticker.advance(RECOVERY.toNanos() - 1);
        assertThat(reply("{\"type\":\"call\",\"msg_id\":2}")).contains("Circuit breaker OPEN");
        ticker.advance(1);
        assertThat(reply("{\"type\":\"call\",\"msg_id\":3}")).contains("circuit_breaker_closed");
        assertThat(reply("{\"type\":\"call\",\"msg_id\":4}"))
                .contains("call_ok")
                .contains("\"failures\": 0}");
    }

    @Test
    void placedOpenItRecoversLikeAnyOpenCircuit() throws IOException {
        reply("{\"type\":\"call\",\"msg_id\":1,\"state\":\"open\"}");

        ticker.advance(RECOVERY);

        assertThat(reply("{\"type\":\"call\",\"msg_id\":2,\"force_success\":false}"))
                .contains("circuit_breaker_open")
                .contains("\"failures\": 1}");
    }

    @Test
    void placedClosedItForgetsItsFailures() throws IOException {
        reply("{\"type\":\"call\",\"msg_id\":1,\"force_failures\":9}");

        assertThat(reply("{\"type\":\"call\",\"msg_id\":2,\"state\":\"closed\",\"force_failures\":4}"))
                .contains("call_ok")
                .contains("\"failures\": 4}");
    }

    @Test
    void placedOpenOrHalfOpenItKeepsItsFailures() throws IOException {
        reply("{\"type\":\"call\",\"msg_id\":1,\"force_failures\":2}");
        reply("{\"type\":\"call\",\"msg_id\":2,\"state\":\"open\"}");

        assertThat(reply("{\"type\":\"call\",\"msg_id\":3,\"state\":\"half_open\",\"force_failures\":1}"))
                .contains("\"failures\": 3}");
    }

    @Test
    void theServiceIsNamedByTheBodyElseAddressedByTheEnvelopeElseTheDefault() throws IOException {
        assertThat(replies(
                        "{\"src\":\"c0\",\"dest\":\"n1\",\"body\":{\"type\":\"call\",\"msg_id\":1,\"service\":\"a\",\"force_failures\":5}}",
                        "{\"src\":\"c0\",\"dest\":\"n1\",\"body\":{\"type\":\"call\",\"msg_id\":2}}",
                        "{\"body\":{\"type\":\"call\",\"msg_id\":3}}",
                        "{\"type\":\"call\",\"msg_id\":4,\"service\":\"a\"}"))
                .containsExactly(
                        "{\"type\": \"circuit_breaker_open\", \"in_reply_to\": 1, \"service\": \"a\", \"failures\": 5}",
                        "{\"type\": \"call_ok\", \"in_reply_to\": 2, \"service\": \"n1\", \"state\": \"closed\", \"failures\": 0}",
                        "{\"type\": \"call_ok\", \"in_reply_to\": 3, \"service\": \"service-b\", \"state\": \"closed\", \"failures\": 0}",
                        "{\"type\": \"error\", \"in_reply_to\": 4, \"error\": \"Circuit breaker OPEN\", \"service\": \"a\"}");
    }

    @Test
    void aMessageThatComesTwiceIsDoneTwice() throws IOException {
        String call = "{\"type\":\"call\",\"msg_id\":1,\"force_failures\":2}";

        assertThat(replies(call, call)).last().asString().contains("\"failures\": 4}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"type\":\"dance\",\"msg_id\":7}|7|type: 'dance' (expected: init or call)",
                "{\"msg_id\":7}|7|type: missing (expected: a string)",
                "{\"type\":5,\"msg_id\":7}|7|type: 5 (expected: a string)",
                "{\"type\":\"init\",\"msg_id\":7}|7|init without an envelope (expected: src, dest and body)",
                "{\"src\":\"c0\",\"body\":{\"type\":\"init\",\"msg_id\":7}}|7|dest: missing (expected: a string)",
                "{\"src\":null,\"dest\":\"n\",\"body\":{\"type\":\"init\",\"msg_id\":7}}|7|src: null (expected: a string)",
                "{\"type\":\"call\",\"msg_id\":7,\"force_failures\":5,\"force_success\":true}|7|"
                        + "force_failures and force_success (expected: at most one of them)",
                "{\"type\":\"call\",\"msg_id\":7,\"force_failures\":-1}|7|force_failures: -1 (expected: an integer from 0 to 2147483647)",
                "{\"type\":\"call\",\"msg_id\":7,\"force_failures\":2147483648}|7|"
                        + "force_failures: 2147483648 (expected: an integer from 0 to 2147483647)",
                "{\"type\":\"call\",\"msg_id\":7,\"force_failures\":1.0}|7|force_failures: 1.0 (expected: an integer from 0 to 2147483647)",
                "{\"type\":\"call\",\"msg_id\":7,\"force_failures\":\"5\"}|7|force_failures: '5' (expected: an integer from 0 to 2147483647)",
                "{\"type\":\"call\",\"msg_id\":7,\"force_failures\":[5]}|7|force_failures: […] (expected: an integer from 0 to 2147483647)",
                "{\"type\":\"call\",\"msg_id\":7,\"force_failures\":99999999999999999999999999999999999999999999}|7|"
                        + "force_failures: 9999999999999999999999999999999999999999… (expected: an integer from 0 to 2147483647)",
                "{\"type\":\"call\",\"msg_id\":7,\"force_success\":1}|7|force_success: 1 (expected: true or false)",
                "{\"type\":\"call\",\"msg_id\":7,\"force_success\":null}|7|force_success: null (expected: true or false)",
                "{\"type\":\"call\",\"msg_id\":7,\"state\":\"ajar\"}|7|state: 'ajar' (expected: closed, open or half_open)",
                "{\"type\":\"call\",\"msg_id\":7,\"state\":{}}|7|state: {…} (expected: a string)",
                "{\"type\":\"call\",\"msg_id\":7,\"service\":true}|7|service: true (expected: a string)",
                "{\"dest\":1,\"body\":{\"type\":\"call\",\"msg_id\":7}}|7|dest: 1 (expected: a string)",
                "{\"type\":\"call\"}|null|msg_id: missing (expected: a 64-bit integer)",
                "{\"type\":\"call\",\"msg_id\":\"7\"}|null|msg_id: '7' (expected: a 64-bit integer)",
                "{\"body\":7}|null|body: 7 (expected: an object)",
                "[1,2]|null|not a JSON object",
                "\"call\"|null|not a JSON object",
                "{\"type\":\"call\",\"msg_id\":7} {}|null|more than one JSON value in a line",
            })
    void aWrongMessageIsAnsweredWithWhatWasExpected(String line, String inReplyTo, String error) throws IOException {
        assertThat(reply(line))
                .isEqualTo("{\"type\": \"error\", \"in_reply_to\": " + inReplyTo + ", \"error\": \""
                        + error.replace("'", "\\\"") + "\"}");
    }

    @Test
    void aWrongMessageChangesNothing() throws IOException {
        reply("{\"type\":\"call\",\"msg_id\":1,\"force_failures\":2}");
        reply("{\"type\":\"call\",\"msg_id\":2,\"state\":\"open\",\"force_failures\":1,\"force_success\":true}");

        assertThat(reply("{\"type\":\"call\",\"msg_id\":3,\"force_failures\":1}"))
                .contains("call_ok")
                .contains("\"failures\": 3}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "garbage",
                "{",
                "{\"type\":\"call\",\"msg_id\":7",
                "{\"type\":\"call\",\"msg_id\":7,}",
                "{\"type\":\"call\",\"msg_id\":7,\"msg_id\":8}",
                "{\"type\":\"call\",\"msg_id\":NaN}",
                "{'type':'call'}",
                "{\"type\":\"call\",\"msg_id\":7}}",
                "\u0000",
                "{\"type\":\"call\",\"msg_id\":007}"
            })
    void aLineThatIsNotOneJsonObjectIsAnsweredAndTheNodeGoesOn(String garbage) throws IOException {
        List<String> replies = replies(garbage, "{\"type\":\"call\",\"msg_id\":2}");

        assertThat(replies).hasSize(2);
        assertThat(replies.get(0)).startsWith("{\"type\": \"error\", \"in_reply_to\": null, \"error\": \"");
        assertThat(replies.get(1)).contains("call_ok");
    }

    @ParameterizedTest
    @CsvSource({"[,]", "{\"a\":,}"})
    void nestingOfAnyDepthIsAnswered(String open, String close) throws IOException {
        String deep = "{\"type\":\"call\",\"msg_id\":1,\"x\":" + open.repeat(50_000) + "1" + close.repeat(50_000) + "}";

        assertThat(replies(deep, "{\"type\":\"call\",\"msg_id\":2}"))
                .hasSize(2)
                .first()
                .asString()
                .startsWith("{\"type\": \"error\", \"in_reply_to\": null, \"error\": \"not JSON: ");
    }

    @Test
    void aNumberOfAnyLengthIsAnswered() throws IOException {
        assertThat(replies(
                        "{\"type\":\"call\",\"msg_id\":" + "9".repeat(100_000) + "}",
                        "{\"type\":\"call\",\"msg_id\":2}"))
                .hasSize(2)
                .last()
                .asString()
                .contains("call_ok");
    }

    @Test
    void bytesThatAreNotUtf8AreAnswered() throws IOException {
        byte[] line = "{\"type\":\"call\",\"msg_id\":1,\"service\":\"?\"}\n".getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i < line.length; i++) {
            line[i] = line[i] == '?' ? (byte) 0xFF : line[i];
        }

        assertThat(replies(line)).singleElement().asString().startsWith("{\"type\": \"error\", \"in_reply_to\": null");
    }

    @Test
    void aLineOfAnyLengthIsAnsweredAndTheNextOneIsRead() throws IOException {
        assertThat(replies("x".repeat(5_000_000), "{\"type\":\"call\",\"msg_id\":2}"))
                .hasSize(2)
                .first()
                .isEqualTo(
                        "{\"type\": \"error\", \"in_reply_to\": null, \"error\": \"line too long (expected: <= 1048576 bytes)\"}");
    }

    @Test
    void stringsComeBackAsTheyWere() throws IOException {
        String name = "Größe \\\"\\\\\\n\\u0001 日本 😀";

        assertThat(reply("{\"type\":\"call\",\"msg_id\":1,\"service\":\"" + name + "\"}"))
                .contains("\"service\": \"" + name + "\"");
    }

    @Test
    void halfASurrogatePairDoesNotStopTheNode() throws IOException {
        assertThat(replies(
                        "{\"type\":\"call\",\"msg_id\":1,\"service\":\"\\ud83d\"}", "{\"type\":\"call\",\"msg_id\":2}"))
                .hasSize(2);
    }

    @Test
    void blankLinesArePassedOverAndCarriageReturnsAndAMissingLastLineFeedAreNoMatter() throws IOException {
        assertThat(replies("\n\r\n \t\n{\"type\":\"call\",\"msg_id\":1}\r\n\n{\"type\":\"call\",\"msg_id\":2}"
                        .getBytes(StandardCharsets.UTF_8)))
                .hasSize(2)
                .allMatch(reply -> reply.contains("call_ok"));
    }

    @Test
    void whitespaceAndTheOrderOfFieldsAreNoMatter() throws IOException {
        assertThat(
                        reply(
                                " { \"body\" : { \"msg_id\" : 1 , \"type\" : \"init\" } , \"dest\" : \"n1\" , \"src\" : \"c0\" } "))
                .isEqualTo(
                        "{\"src\":\"n1\",\"dest\":\"c0\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":1,\"msg_id\":0}}");
    }

    @Test
    void everyReplyIsFlushedBeforeTheNextLineIsAwaited() throws IOException {
        PipedOutputStream question = new PipedOutputStream();
        PipedInputStream asked = new PipedInputStream(question);
        List<String> flushed = new ArrayList<>();
        OutputStream answers = new ByteArrayOutputStream() {
            @Override
            public void flush() throws IOException {
                flushed.add(toString(StandardCharsets.UTF_8));
                reset();
                if (flushed.size() == 1) {
                    question.write("{\"type\":\"call\",\"msg_id\":2}\n".getBytes(StandardCharsets.UTF_8));
                }
                question.close();
            }
        };
        InputStream first =
                new ByteArrayInputStream("{\"type\":\"call\",\"msg_id\":1}\n".getBytes(StandardCharsets.UTF_8));

        node.run(new SequenceInputStream(first, asked), answers);

        assertThat(flushed).hasSize(2).allMatch(reply -> reply.endsWith("}\n"));
    }

    @Test
    void anImpossibleSettingIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CircuitNode(0, RECOVERY, ticker))
                .withMessage("failure-threshold: 0 (expected: >= 1)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CircuitNode(5, Duration.ZERO, ticker))
                .withMessage("recovery-timeout: PT0S (expected: > 0s)");
    }
}
