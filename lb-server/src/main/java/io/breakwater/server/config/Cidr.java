package io.breakwater.server.config;

import java.net.InetAddress;

/**
 * A range of IP addresses: {@code 10.0.0.0/8}, {@code fd00::/8}, or one address. Immutable. IPv4 addresses written in
 * IPv6 ({@code ::ffff:10.0.0.1}) are IPv4 addresses here.
 */
public final class Cidr {

    private static final String RULE = "an IP address or a range of them, such as 10.0.0.0/8 or fd00::/8";

    private final InetAddress network;
    private final byte[] first;
    private final int prefixBits;

    /**
     * @param network the first address of the range
     * @param prefixBits how many leading bits an address must share with it
     * @throws IllegalArgumentException with the rule that they break
     */
    public Cidr(InetAddress network, int prefixBits) {
        this.network = network;
        this.first = network.getAddress();
        this.prefixBits = prefixBits;
        int bits = first.length * 8;
        if (prefixBits < 0 || prefixBits > bits) {
            throw new InvalidValue("a prefix of 0.." + bits + " bits");
        }
        for (int bit = prefixBits; bit < bits; bit++) {
            if ((first[bit >> 3] & (0x80 >> (bit & 7))) != 0) {
                throw new InvalidValue("a range whose bits after the prefix are 0, as in 10.0.0.0/8");
            }
        }
    }

    /**
     * Reads an address or a range without resolving names.
     *
     * @throws IllegalArgumentException with the rule that the text breaks
     */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        InetAddress network = IpLiteral.parse(slash < 0 ? text : text.substring(0, slash));
        if (network == null) {
            throw new InvalidValue(RULE);
        }
        int bits = network.getAddress().length * 8;
        if (slash < 0) {
            return new Cidr(network, bits);
        }
        String prefix = text.substring(slash + 1);
        if (!prefix.matches("0|[1-9][0-9]{0,2}")) {
            throw new InvalidValue(RULE);
        }
        boolean ipv4InIpv6 = bits == 32 && text.indexOf(':') >= 0;
        return new Cidr(network, Integer.parseInt(prefix) - (ipv4InIpv6 ? 96 : 0));
    }

    public InetAddress network() {
        return network;
    }

    public int prefixBits() {
        return prefixBits;
    }

    /** Tells whether the address is in this range; one of the other IP version never is. */
    public boolean contains(InetAddress address) {
        return contains(address.getAddress());
    }

    /** The same for an address in network order, 4 or 16 bytes; allocates nothing. */
    public boolean contains(byte[] address) {
        if (address.length != first.length) {
            return false;
        }
        int whole = prefixBits >> 3;
        for (int i = 0; i < whole; i++) {
            if (address[i] != first[i]) {
                return false;
            }
        }
        int rest = prefixBits & 7;
        return rest == 0 || ((address[whole] ^ first[whole]) & (0xff00 >> rest) & 0xff) == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Cidr that && prefixBits == that.prefixBits && network.equals(that.network);
    }

    @Override
    public int hashCode() {
        return 31 * network.hashCode() + prefixBits;
    }

    /** Returns the text that {@link #parse} reads back. */
    @Override
    public String toString() {
        String address = network.getHostAddress();
        return prefixBits == first.length * 8 ? address : address + "/" + prefixBits;
    }
}
