package io.breakwater.server.fallback.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class QueuedRequestTest {
    private static QueuedRequest of(Field... fields) {
        return QueuedRequest.of("orders", "POST", "/orders?x=1", Arrays.asList(fields), new byte[] {1});
    }

    @Test
    void whatConcernsOneConnectionIsNotKept() {
        QueuedRequest request = of(
                new Field("Host", "a"),
                new Field("connection", "close, X-Hop , TE"),
                new Field("x-hop", "1"),
                new Field("Connection", "other"),
                new Field("Other", "2"),
                new Field("Keep-Alive", "timeout=5"),
                new Field("Transfer-Encoding", "chunked"),
                new Field("Content-Length", "1"),
                new Field("EXPECT", "100-continue"),
                new Field("Trailer", "X-Sum"),
                new Field("Upgrade", "h2c"),
                new Field("Proxy-Authorization", "Basic eA=="),
                new Field("Accept", "a"),
                new Field("idempotency-key", "\"k\""),
                new Field("Accept", "b"));

        assertThat(request.fields())
                .containsExactly(
                        new Field("Host", "a"),
                        new Field("Accept", "a"),
                        new Field("idempotency-key", "\"k\""),
                        new Field("Accept", "b"));
    }

    @Test
    void theClientsIdempotencyKeyIsKept() {
        assertThat(of(new Field("idempotency-KEY", "abc")).idempotencyKey()).isEqualTo("abc");
    }

    @Test
    void aMissingIdempotencyKeyIsMade() {
        QueuedRequest one = of(new Field("Host", "a"));
        QueuedRequest other = of(new Field("Idempotency-Key", ""));

        assertThat(one.idempotencyKey()).matches("\"[0-9a-f-]{36}\"").isNotEqualTo(other.idempotencyKey());
        assertThat(one.fields())
                .isEqualTo(List.of(new Field("Host", "a"), new Field("Idempotency-Key", one.idempotencyKey())));
        assertThat(other.fields()).isEqualTo(List.of(new Field("Idempotency-Key", other.idempotencyKey())));
    }

    @Test
    void aCharacterThatIsNoByteIsRefused() {
        assertThatThrownBy(() -> new Field("a", "\u0100"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("field value: U+0100 at 0 (expected: characters that stand for one byte each)");
        assertThat(Field.of(new byte[] {'a'}, new byte[] {(byte) 0xFF})).isEqualTo(new Field("a", "\u00FF"));
    }
}
