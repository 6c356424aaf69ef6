package io.breakwater.server.http;

import io.netty.buffer.ByteBuf;

/**
 * What the forwarding fields say of one downstream connection: X-Forwarded-For and -Proto. Made once per connection.
 * Immutable, safe from any thread.
 */
public final class Forwarding {
    private static final String FOR = "X-Forwarded-For: ";

    /** Both lines, so that they are one copy where nothing received stands between them. */
    private final byte[] lines;

    private final int protoStart;
    private final String scheme;
    private final boolean trusted;

    /**
     * @param peerAddress the peer's IP address in text
     * @param scheme http or https
     * @param trusted the peer is one of the trusted proxies: what it says of its own clients is passed on
     */
    public Forwarding(String peerAddress, String scheme, boolean trusted) {
        String forLine = FOR + peerAddress + "\r\n";
        this.lines = Ascii.bytes(forLine + "X-Forwarded-Proto: " + scheme + "\r\n");
        this.protoStart = forLine.length();
        this.scheme = scheme;
        this.trusted = trusted;
    }

    boolean trusted() {
        return trusted;
    }

    String scheme() {
        return scheme;
    }

    int maxBytes() {
        return lines.length;
    }

    void writeForAndProto(ByteBuf out) {
        out.writeBytes(lines);
    }

    void writeForName(ByteBuf out) {
        out.writeBytes(lines, 0, FOR.length());
    }

    void writeAddress(ByteBuf out) {
        out.writeBytes(lines, FOR.length(), protoStart - FOR.length());
    }

    void writeProto(ByteBuf out) {
        out.writeBytes(lines, protoStart, lines.length - protoStart);
    }
}
