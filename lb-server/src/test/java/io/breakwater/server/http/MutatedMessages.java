package io.breakwater.server.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Makes messages as clients and backends send them, most of them with a few bytes changed the way that parsers are
 * attacked: line ends, whitespace, framing fields, chunk grammar. Every input follows from the seed and its number.
 */
final class MutatedMessages {
    private static final String[] METHODS = {
        "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW", "CONNECT"
    };
    private static final String[] TARGETS = {
        "/",
        "/a",
        "/a/b?c=d",
        "/?",
        "/a?b?c",
        "/%41%2fb",
        "/a/../b",
        "/.",
        "/..;x",
        "/a%00",
        "/a\\b",
        "/a#b",
        "/%zz",
        "*",
        "http://h/a",
        "http://h",
        "https://h:8443/a?b",
        "http://u@h/",
        "h:80",
        "/[a]{b}|c",
        "/\"a\"<b>",
        "/caf\u00c3\u00a9?\u0085\u00a0",
        "/a?x=100%",
        "//a",
        "/...",
        "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    };
    private static final String[] VERSIONS = {
        "HTTP/1.0", "HTTP/1.0", "HTTP/1.0", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "SIP/1.1"
    };
    private static final String[] STATUSES = {
        "200 OK",
        "200 OK",
        "200 OK",
        "200 ",
        "200",
        "404 Not Found",
        "500 Internal Server Error",
        "204 No Content",
        "304 Not Modified",
        "100 Continue",
        "103 Early Hints",
        "101 Switching Protocols",
        "99 X",
        "600 X",
        "302 Found"
    };
    private static final String[] HOSTS = {
        "h", "h", "h", "h", "example.com:8080", "[::1]:80", "127.0.0.1", "", "u@h", "h:x", "a,b", "h i"
    };
    private static final String[] FIELDS = {
        "Accept: */*",
        "User-Agent: x y/z (q)",
        "Accept-Encoding: gzip, br",
        "Cookie: a=b; c=\"d\"",
        "X-Empty:",
        "A:b",
        "a: \t c \t",
        "Connection: keep-alive",
        "Connection: close",
        "Connection: X-Empty, te",
        "Connection: host",
        "Keep-Alive: timeout=5",
        "TE: trailers",
        "Upgrade: h2c",
        "Via: 1.0 x",
        "X-Forwarded-For: 1.2.3.4",
        "Forwarded: for=x",
        "Proxy-Connection: keep-alive",
        "Date: Tue, 03 Nov 2026 08:49:37 GMT",
        "Trailer: X",
        "Content-Type: text/plain",
        "Expect: 100-continue",
        "Max-Forwards: 1",
        "!#$%&'*+-.^_`|~: token",
        "Obs: \u00e4\u0085\u00a0",
        "Accept: again",
        "Content-Encoding: gzip",
        "Sec-WebSocket-Key: x",
        "Authorization: Basic eDp5",
        "If-None-Match: \"x\""
    };
    private static final String[] LINES = {
        "Content-Length: 3\r\n",
        "Content-Length: 0\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length : 3\r\n",
        "Content-Length:\r\n 3\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: Chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\tchunked\r\n",
        "Transfer-Encoding: \u000bchunked\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer\u00adEncoding: chunked\r\n",
        "Host: other\r\n",
        "Host:\r\n",
        "Connection: content-length\r\n",
        "Connection: transfer-encoding\r\n",
        "Expect: x\r\n",
        " folded\r\n",
        "\tfolded\r\n",
        ": no name\r\n",
        "no colon\r\n",
        "Max-Forwards: x\r\n",
        "A: b\rC: d\r\n",
        "A: b\nC: d\r\n",
        "A\0: b\r\n"
    };
    private static final String[] LINE_ENDS = {
        "\n",
        "\r",
        "\r\r\n",
        "\n\r",
        "\r\n ",
        "\r\n\t",
        "\r\n\r\n",
        "\0\r\n",
        " \r\n",
        "\t\r\n",
        "\u000b\r\n",
        "\r\n\n",
        ""
    };
    private static final String[] PIECES = {
        "chunked",
        ", ",
        ";",
        ";a=b",
        " ;",
        "; a = b",
        ";a=\"\\\"\"",
        ";a ;b",
        ";a=\"",
        "0\r\n\r\n",
        "0\r\n",
        "5\r\nhello\r\n",
        "%2e%2e/",
        "%00",
        "HTTP/1.1",
        " ",
        "\t",
        "\r\n",
        "\n",
        "\r",
        ":",
        "0x",
        "ffffffffffffffff",
        "100000000",
        "Content-Length: 5\r\n",
        "GET / HTTP/1.1\r\n",
        "\0"
    };
    private static final byte[] BYTES =
            bytes("\r\n\t \0:;,\"'%/\\.?#*=-+_09afAFxgz\u000b\u000c\u001f\u007f\u0080\u0085\u00a0\u00ff");

    private static final byte[] NEXT_REQUEST = bytes("GET /next HTTP/1.1\r\nHost: next\r\n\r\n");
    private static final byte[] NEXT_RESPONSE = bytes("HTTP/1.1 203 Next\r\nContent-Length: 4\r\n\r\nnext");

    private final long seed;
    private SplittableRandom random = new SplittableRandom(0);
    private byte[] buffer = new byte[8192];
    private int length;

    MutatedMessages(long seed) {
        this.seed = seed;
    }

    /** Returns a request, perhaps mutated, with another one behind it. */
    byte[] request(int number) {
        start(number);
        add(mostly("GET", METHODS)).add(" ").add(mostly("/a", TARGETS)).add(" ");
        add(mostly("HTTP/1.1", VERSIONS)).add("\r\n");
        addFields("Host: " + mostly("h", HOSTS) + "\r\n");
        mutate();
        return with(NEXT_REQUEST);
    }

    /** Returns a response, perhaps mutated, with another one behind it. */
    byte[] response(int number) {
        start(number);
        add(mostly("HTTP/1.1", VERSIONS))
                .add(" ")
                .add(mostly("200 OK", STATUSES))
                .add("\r\n");
        addFields("Server: x\r\n");
        mutate();
        return with(NEXT_RESPONSE);
    }

    private void start(int number) {
        // Numbers side by side must not give streams side by side.
        random = new SplittableRandom(seed + number * 0x9e3779b97f4a7c15L).split();
        length = 0;
    }

    private void addFields(String first) {
        if (random.nextInt(60) != 0) {
            add(first);
        }
        int count = random.nextInt(5);
        for (int i = 0; i < count; i++) {
            add(oneOf(FIELDS)).add("\r\n");
        }
        switch (random.nextInt(4)) {
            case 0 -> addCounted();
            case 1 -> addChunked();
            default -> add("\r\n");
        }
    }

    private void addCounted() {
        int size = random.nextInt(20);
        add("Content-Length: ").add(Integer.toString(size)).add("\r\n\r\n").addData(size);
    }

    private void addChunked() {
        add("Transfer-Encoding: chunked\r\n\r\n");
        int chunks = random.nextInt(4);
        for (int i = 0; i < chunks; i++) {
            int size = 1 + random.nextInt(20);
            add(random.nextInt(8) == 0 ? "00" : "")
                    .add(Integer.toHexString(size))
                    .addExtension()
                    .add("\r\n");
            addData(size);
            add("\r\n");
        }
        add("0").addExtension().add("\r\n");
        while (random.nextInt(6) == 0) {
            add(random.nextInt(10) == 0 ? "Content-Length: 3" : "X-Trailer: y").add("\r\n");
        }
        add("\r\n");
    }

    private MutatedMessages addExtension() {
        return random.nextInt(6) != 0 ? this : add(random.nextBoolean() ? ";a=b" : " ; c=\"d;e\"");
    }

    private void addData(int size) {
        for (int i = 0; i < size; i++) {
            add(random.nextInt(10) == 0 ? oneOf(BYTES) : (byte) ('a' + i));
        }
    }

    private void mutate() {
        if (random.nextBoolean()) {
            return;
        }
        int times = 1 + random.nextInt(3);
        for (int i = 0; i < times && length > 4; i++) {
            mutateOnce();
        }
    }

    private void mutateOnce() {
        int at = random.nextInt(length);
        switch (random.nextInt(11)) {
            case 0 -> buffer[at] = oneOf(BYTES);
            case 1 -> replace(at, 0, new byte[] {oneOf(BYTES)});
            case 2 -> replace(at, 1, new byte[0]);
            case 3, 4 -> replaceLineEnd(at, oneOf(LINE_ENDS));
            case 5, 6 -> replace(lineStart(at), 0, bytes(oneOf(LINES)));
            case 7 -> buffer[at] ^= (byte) (1 << random.nextInt(8));
            case 8 -> replace(at, 0, Arrays.copyOfRange(buffer, at, Math.min(length, at + random.nextInt(30))));
            case 9 -> replace(at, Math.min(length - at, random.nextInt(10)), new byte[0]);
            default -> replace(at, 0, bytes(oneOf(PIECES)));
        }
    }

    private void replaceLineEnd(int near, String with) {
        for (int i = near; i + 1 < length; i++) {
            if (buffer[i] == '\r' && buffer[i + 1] == '\n') {
                replace(i, 2, bytes(with));
                return;
            }
        }
    }

    private int lineStart(int near) {
        for (int i = near; i > 1; i--) {
            if (buffer[i - 2] == '\r' && buffer[i - 1] == '\n') {
                return i;
            }
        }
        return 0;
    }

    private void replace(int at, int removed, byte[] with) {
        System.arraycopy(buffer, at + removed, buffer, at + with.length, length - at - removed);
        System.arraycopy(with, 0, buffer, at, with.length);
        length += with.length - removed;
    }

    private byte[] with(byte[] next) {
        byte[] whole = Arrays.copyOf(buffer, length + next.length);
        System.arraycopy(next, 0, whole, length, next.length);
        return whole;
    }

    private MutatedMessages add(String text) {
        for (int i = 0; i < text.length(); i++) {
            buffer[length++] = (byte) text.charAt(i);
        }
        return this;
    }

    private void add(byte b) {
        buffer[length++] = b;
    }

    /** The first in seven of eight. */
    private String mostly(String usual, String[] others) {
        return random.nextInt(8) != 0 ? usual : oneOf(others);
    }

    private String oneOf(String[] choices) {
        return choices[random.nextInt(choices.length)];
    }

    private byte oneOf(byte[] choices) {
        return choices[random.nextInt(choices.length)];
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
