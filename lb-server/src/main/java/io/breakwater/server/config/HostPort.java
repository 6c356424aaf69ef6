package io.breakwater.server.config;

/**
 * A host and a port out of {@code HOST[:PORT]}, where an IPv6 address stands in brackets.
 *
 * @param host without brackets
 */
record HostPort(String host, int port) {

    static final String HOST_RULE = "an IP address or a host name";

    /**
     * Reads the text.
     *
     * @throws InvalidValue with {@code rule} if it is anything else
     */
    static HostPort parse(String text, int defaultPort, String rule) {
        int colon = text.startsWith("[") ? text.indexOf(':', text.indexOf(']') + 1) : text.indexOf(':');
        String host = colon < 0 ? text : text.substring(0, colon);
        String port = colon < 0 ? String.valueOf(defaultPort) : text.substring(colon + 1);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        String bare = bracketed ? host.substring(1, host.length() - 1) : host;
        if (!isHost(bare) || bracketed != (bare.indexOf(':') >= 0)) {
            throw new InvalidValue(rule);
        }
        if (!port.matches("[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65_535) {
            throw new InvalidValue("a port of 1..65535");
        }
        return new HostPort(bare, Integer.parseInt(port));
    }

    /** Tells whether the text is an IP address, without brackets, or could be a host's name. */
    static boolean isHost(String text) {
        // What looks like numbers and dots only is meant as an address, so that 10.0.0.256 is not taken for a name.
        return text.matches("[0-9.]+|.*:.*")
                ? IpLiteral.parse(text) != null
                : text.length() <= 253
                        && text.matches("[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\\.?");
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
