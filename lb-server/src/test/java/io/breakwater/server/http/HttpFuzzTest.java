package io.breakwater.server.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.breakwater.server.fuzz.FuzzTarget;
import io.breakwater.server.fuzz.Fuzzing;
import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.Test;

/** Bytes of clients and of backends, read and written as nobody else could read them. */
class HttpFuzzTest {
    private static final long SEED = 20_261_121L;

    private final RequestTarget requests = new RequestTarget();

    @Test
    void requests() throws InterruptedException {
        MutatedMessages grammar = new MutatedMessages(SEED);
        new Fuzzing("requests", requests, random -> grammar.request(random.nextInt())).run(8_000);
    }

    @Test
    void responses() throws InterruptedException {
        MutatedMessages grammar = new MutatedMessages(SEED);
        new Fuzzing("responses", new ResponseTarget(), random -> grammar.response(random.nextInt())).run(8_000);
    }

    @Test
    void chunks() throws InterruptedException {
        new Fuzzing("chunks", within("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", ""))
                .run(8_000);
    }

    @Test
    void targets() throws InterruptedException {
        new Fuzzing("targets", within("GET ", " HTTP/1.1\r\nHost: h\r\n\r\n")).run(8_000);
    }

    @Test
    void hosts() throws InterruptedException {
        new Fuzzing("hosts", within("GET / HTTP/1.1\r\nHost: ", "\r\n\r\n")).run(8_000);
    }

    /** Inputs as a part of a request. */
    private FuzzTarget within(String before, String after) {
        return input -> {
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            whole.writeBytes(before.getBytes(ISO_8859_1));
            whole.writeBytes(input);
            whole.writeBytes(after.getBytes(ISO_8859_1));
            requests.check(whole.toByteArray());
        };
    }
}
