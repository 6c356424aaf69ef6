package io.breakwater.server.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Changes bytes a little: flips, cuts, repeats, splices, and puts in what parsers stumble over. Stateless. */
final class Mutations {
    static final int MAX_BYTES = 8 * 1024;

    private static final int MOST_AT_ONCE = 4;
    private static final int MOST_REPEATS = 64;
    private static final List<String> PIECES = List.of(
            "\r\n",
            "\n",
            "\r",
            "\r\n\r\n",
            "\r\n ",
            " ",
            "\t",
            "\0",
            ":",
            ";",
            ",",
            "=",
            "\"",
            "\\",
            "'",
            "{",
            "}",
            "[",
            "]",
            "#",
            "//",
            "/../",
            "/./",
            "%2e",
            "%00",
            "%",
            "%2F",
            "\u007f",
            "\u0080",
            "\u00ff",
            "\u00e2\u0080\u00a8",
            "\u00ef\u00bb\u00bf",
            "0",
            "-1",
            "00",
            "0x1",
            "1e9",
            "1.5",
            "2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "ffffffffffffffff",
            "NaN",
            "null",
            "true",
            "0\r\n\r\n",
            "1\r\na\r\n",
            "Content-Length: 1\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Host: h\r\n",
            "GET / HTTP/1.1\r\n");

    private Mutations() {}

    /** Returns a changed copy. */
    static byte[] mutated(byte[] input, List<byte[]> others, SplittableRandom random) {
        byte[] result = input;
        int times = 1 + random.nextInt(MOST_AT_ONCE);
        for (int i = 0; i < times; i++) {
            result = once(result, others, random);
        }
        return result.length <= MAX_BYTES ? result : Arrays.copyOf(result, MAX_BYTES);
    }

    private static byte[] once(byte[] input, List<byte[]> others, SplittableRandom random) {
        int at = random.nextInt(input.length + 1);
        int end = Math.min(input.length, at + 1 + random.nextInt(1 + random.nextInt(32)));
        return switch (random.nextInt(8)) {
            case 0 -> replaced(input, at, Math.min(input.length, at + 1), new byte[] {(byte) random.nextInt(256)});
            case 1 -> flipped(input, at, random);
            case 2 -> replaced(input, at, end, new byte[0]);
            case 3 -> replaced(input, at, at, Arrays.copyOfRange(input, at, end));
            case 4 -> repeated(input, at, end, random);
            case 5 -> spliced(input, at, others.get(random.nextInt(others.size())), random);
            case 6 -> replaced(input, at, end, piece(random));
            default -> replaced(input, at, at, piece(random));
        };
    }

    private static byte[] piece(SplittableRandom random) {
        return PIECES.get(random.nextInt(PIECES.size())).getBytes(ISO_8859_1);
    }

    private static byte[] flipped(byte[] input, int at, SplittableRandom random) {
        byte[] result = input.clone();
        if (at < result.length) {
            result[at] ^= (byte) (1 << random.nextInt(8));
        }
        return result;
    }

    private static byte[] repeated(byte[] input, int from, int to, SplittableRandom random) {
        byte[] once = Arrays.copyOfRange(input, from, to);
        int times = random.nextInt(MOST_REPEATS);
        byte[] all = new byte[once.length * times];
        for (int i = 0; i < times; i++) {
            System.arraycopy(once, 0, all, i * once.length, once.length);
        }
        return replaced(input, from, from, all);
    }

    private static byte[] spliced(byte[] input, int at, byte[] other, SplittableRandom random) {
        int from = random.nextInt(other.length + 1);
        return replaced(input, at, input.length, Arrays.copyOfRange(other, from, other.length));
    }

    private static byte[] replaced(byte[] input, int from, int to, byte[] with) {
        byte[] result = new byte[input.length - (to - from) + with.length];
        System.arraycopy(input, 0, result, 0, from);
        System.arraycopy(with, 0, result, from, with.length);
        System.arraycopy(input, to, result, from + with.length, input.length - to);
        return result;
    }
}
