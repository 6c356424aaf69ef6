package io.breakwater.server.node;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Cuts a stream of bytes into lines, and never holds more than one line of bounded length. Not thread-safe. */
final class LineReader {
    private final InputStream in;
    private final int maxBytes;

    LineReader(InputStream in, int maxBytes) {
        this.in = new BufferedInputStream(in);
        this.maxBytes = maxBytes;
    }

    /**
     * Returns the bytes up to the next line feed or the end, null when there are none left.
     *
     * @throws BadMessage if the line is too long; the next call goes on after it
     */
    byte @Nullable [] next() throws IOException, BadMessage {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        boolean tooLong = false;
        int c = in.read();
        if (c < 0) {
            return null;
        }
        while (c >= 0 && c != '\n') {
            if (line.size() < maxBytes) {
                line.write(c);
            } else {
                tooLong = true;
            }
            c = in.read();
        }
        if (tooLong) {
            throw new BadMessage("line too long (expected: <= " + maxBytes + " bytes)");
        }
        return line.toByteArray();
    }
}
