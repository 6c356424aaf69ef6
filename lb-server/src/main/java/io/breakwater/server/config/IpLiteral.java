package io.breakwater.server.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Reads IP addresses from their text, without ever asking a name server. */
final class IpLiteral {

    private IpLiteral() {}

    /** Returns the address, or null if the text is anything else; IPv6 without brackets or zone. */
    static @Nullable InetAddress parse(String text) {
        byte[] bytes = text.indexOf(':') >= 0 ? null : ipv4(text);
        try {
            if (bytes != null) {
                return InetAddress.getByAddress(bytes);
            }
            // A text with a colon of these characters alone is read as an address or refused; it is never looked up.
            return text.indexOf(':') >= 0 && text.matches("[0-9a-fA-F:.]{2,45}") ? InetAddress.getByName(text) : null;
        } catch (UnknownHostException notAnAddress) {
            return null;
        }
    }

    /** Four decimal numbers; no short forms and no leading zeros, which some readers take as octal. */
    private static byte @Nullable [] ipv4(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return null;
        }
        byte[] bytes = new byte[4];
        for (int i = 0; i < 4; i++) {
            if (!parts[i].matches("0|[1-9][0-9]{0,2}") || Integer.parseInt(parts[i]) > 255) {
                return null;
            }
            bytes[i] = (byte) Integer.parseInt(parts[i]);
        }
        return bytes;
    }
}
