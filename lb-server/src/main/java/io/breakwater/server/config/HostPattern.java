package io.breakwater.server.config;

import java.util.Locale;

/**
 * What a route says about a request's host: a name or an IPv4 address, or {@code *.x} for every name below {@code x}.
 * IPv6 addresses are refused, because one of them has many spellings and requests are compared by letters.
 */
final class HostPattern {

    static final String RULE =
            "a host name or an IPv4 address without port, such as shop.example.com, or *.example.com";

    /** What a pattern for the names below another begins with. */
    static final String WILDCARD = "*.";

    private HostPattern() {}

    static boolean isPattern(String text) {
        boolean wildcard = text.startsWith(WILDCARD);
        String host = wildcard ? text.substring(WILDCARD.length()) : text;
        boolean name = HostPort.isHost(host) && host.indexOf(':') < 0 && !host.endsWith(".");
        return name && !(wildcard && IpLiteral.parse(host) != null);
    }

    /** In lower case, as names of hosts are compared (RFC 9110, section 4.2.3). */
    static String normalised(String pattern) {
        return pattern.toLowerCase(Locale.ROOT);
    }
}
