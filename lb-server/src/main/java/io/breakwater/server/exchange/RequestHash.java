package io.breakwater.server.exchange;

import io.breakwater.server.balance.KeyHash;
import io.breakwater.server.config.BalanceConfig;
import io.breakwater.server.config.BalanceConfig.HashKey;
import io.breakwater.server.config.Cidr;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.listener.DownstreamConnection;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The number by which a pool with {@code balance = { hash = … }} sends requests that belong together to the same backend.
 * A request without the header or the cookie belongs to no other and gets a number of its own, so that such requests
 * spread over all backends. Immutable, safe from any thread.
 */
public final class RequestHash {
    private final @Nullable HashKey key;
    private final byte[] name;

    private RequestHash(@Nullable HashKey key, byte[] name) {
        this.key = key;
        this.name = name;
    }

    /** Returns what computes the number for this balancing, which is always 0 for those that need none. */
    static RequestHash of(BalanceConfig balance) {
        HashKey key = balance.hashKey();
        if (key == null) {
            return new RequestHash(null, new byte[0]);
        }
        boolean anyCase = key.source() == BalanceConfig.HashSource.HEADER;
        String name = anyCase ? key.name().toLowerCase(Locale.ROOT) : key.name();
        return new RequestHash(key, name.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Returns the number of a request that came on this connection. */
    long of(RequestHead head, DownstreamConnection connection) {
        return key == null
                ? 0
                : of(head, connection.peerAddress(), connection.config().trustedProxies());
    }

    /** Returns the number of a request that was stored with the forwarding fields that it got here. */
    long ofStored(RequestHead head, List<Cidr> trusted) {
        String told = head.forwardedFor();
        byte[] peer = address(told.substring(told.lastIndexOf(',') + 1).strip());
        return of(head, peer == null ? new byte[0] : peer, trusted);
    }

    private long of(RequestHead head, byte[] peer, List<Cidr> trusted) {
        if (key == null) {
            return 0;
        }
        return switch (key.source()) {
            case HEADER -> of(head.value(name));
            case COOKIE -> of(head.cookie(name));
            case PATH -> KeyHash.of(head.path());
            case CLIENT_IP -> KeyHash.of(clientAddress(peer, head, trusted));
        };
    }

    private static long of(@Nullable CharSequence value) {
        return value == null ? ThreadLocalRandom.current().nextLong() : KeyHash.of(value);
    }

    /**
     * Returns the rightmost address that is no trusted proxy: the peer, or the last that trusted proxies tell of. What is
     * no address ends the search, since whoever stands before it cannot be known.
     */
    private static byte[] clientAddress(byte[] peer, RequestHead head, List<Cidr> trusted) {
        if (!isTrusted(peer, trusted)) {
            return peer;
        }
        byte[] client = peer;
        String told = head.forwardedFor();
        int end = told.length();
        while (end > 0 && isTrusted(client, trusted)) {
            int comma = told.lastIndexOf(',', end - 1);
            byte[] address = address(told.substring(comma + 1, end).strip());
            if (address == null) {
                return client;
            }
            client = address;
            end = comma;
        }
        return client;
    }

    private static boolean isTrusted(byte[] address, List<Cidr> trusted) {
        for (int i = 0; i < trusted.size(); i++) {
            if (trusted.get(i).contains(address)) {
                return true;
            }
        }
        return false;
    }

    private static byte @Nullable [] address(String text) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
        try {
            // An IPv4 address written in IPv6 becomes what it is.
            return bytes == null ? null : InetAddress.getByAddress(bytes).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalStateException("neither 4 nor 16 bytes: " + text, e);
        }
    }
}
