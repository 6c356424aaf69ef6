package io.breakwater.server.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** However small the pieces in which a message comes, each of its bytes is looked at a few times only. */
class BoundedWorkTest {
    private static final HeadLimits LIMITS = new HeadLimits(100_000, 100_000, 1000);
    private static final int MOST_READS_PER_BYTE = 3;
    private static final String POST = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n";

    static Stream<String> messages() {
        return Stream.of(
                "GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nX: " + "y".repeat(20_000) + "\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\n" + "x:\r\n".repeat(900) + "\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nConnection: " + "x,".repeat(900) + "\r\n\r\n",
                POST + "\r\n" + "1\r\nx\r\n".repeat(3000) + "0\r\n\r\n",
                POST + "\r\n1;" + "a".repeat(4000) + "\r\nx\r\n0\r\n\r\n",
                POST + "\r\n0\r\n" + "X: y\r\n".repeat(90) + "\r\n");
    }

    @ParameterizedTest
    @MethodSource("messages")
    void bytesThatComeOneByOneAreNotReadAgainAndAgain(String message) {
        Counted in = new Counted(message.length());
        RequestHead head = new RequestHead(LIMITS);
        BodyReader body = new BodyReader();
        boolean inBody = false;
        for (byte b : message.getBytes(ISO_8859_1)) {
            in.writeByte(b);
            if (inBody) {
                in.skipBytes(body.advance(in, null));
            } else if (head.scan(in) == Scan.COMPLETE) {
                in.skipBytes(head.length());
                body.start(head.framing(), head.contentLength());
                inBody = true;
            }
        }

        assertThat(inBody && body.complete()).as("the message is whole").isTrue();
        assertThat(in.reads).isLessThanOrEqualTo((long) MOST_READS_PER_BYTE * message.length());
        in.release();
    }

    /** Counts the bytes that are read. */
    private static final class Counted extends UnpooledHeapByteBuf {
        private long reads;

        Counted(int capacity) {
            super(UnpooledByteBufAllocator.DEFAULT, capacity, capacity);
        }

        @Override
        protected byte _getByte(int index) {
            reads++;
            return super._getByte(index);
        }

        @Override
        public ByteBuf getBytes(int index, byte[] to, int from, int length) {
            reads += length;
            return super.getBytes(index, to, from, length);
        }
    }
}
