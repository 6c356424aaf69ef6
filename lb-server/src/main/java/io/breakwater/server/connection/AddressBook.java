package io.breakwater.server.connection;

import io.breakwater.time.Ticker;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of backends by name. Literal addresses need no look-up, {@code localhost} is both loopback addresses
 * (RFC 6761 section 6.3), all else is asked of the hosts file and then of DNS, without blocking an event loop; an answer
 * is kept for its TTL, at most {@link #LONGEST_TTL_SECONDS}. Safe from any thread.
 */
public final class AddressBook implements AutoCloseable {
    private static final int LONGEST_TTL_SECONDS = 30;

    private final DnsNameResolver resolver;
    private final Ticker ticker;
    private final Map<String, Addresses> byHostAndPort = new ConcurrentHashMap<>();

    private AddressBook(DnsNameResolver resolver, Ticker ticker) {
        this.resolver = resolver;
        this.ticker = ticker;
    }

    /**
     * @param loop runs the resolver's sockets
     */
    public static AddressBook open(EventLoop loop, Class<? extends DatagramChannel> channelType, Ticker ticker) {
        return new AddressBook(
                new DnsNameResolverBuilder(loop)
                        .datagramChannelType(channelType)
                        .resolvedAddressTypes(ResolvedAddressTypes.IPV6_PREFERRED)
                        .ttl(0, LONGEST_TTL_SECONDS)
                        .negativeTtl(1)
                        .build(),
                ticker);
    }

    Addresses of(String host, int port) {
        return byHostAndPort.computeIfAbsent(
                host.toLowerCase(Locale.ROOT) + ":" + port, key -> new Addresses(lookup(host), port, ticker));
    }

    /** Looks the name up ahead of the first request, and says how that went. */
    public void warmUp(EventLoop loop, String host, int port, BiConsumer<Boolean, @Nullable Throwable> answer) {
        of(host, port).resolve(loop, (found, failure) -> answer.accept(!found.isEmpty(), failure));
    }

    private Addresses.Lookup lookup(String host) {
        List<InetAddress> fixed = withoutLookup(host);
        if (fixed != null) {
            return answer -> answer.accept(fixed, null);
        }
        return answer -> resolver.resolveAll(host).addListener((Future<List<InetAddress>> done) -> {
            if (done.isSuccess()) {
                answer.accept(done.getNow(), null);
            } else {
                answer.accept(List.of(), done.cause());
            }
        });
    }

    private static @Nullable List<InetAddress> withoutLookup(String host) {
        try {
            byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
            if (literal != null) {
                return List.of(InetAddress.getByAddress(literal));
            }
            String name = host.toLowerCase(Locale.ROOT);
            if (name.equals("localhost") || name.endsWith(".localhost")) {
                return List.of(
                        InetAddress.getByAddress(host, NetUtil.LOCALHOST6.getAddress()),
                        InetAddress.getByAddress(host, NetUtil.LOCALHOST4.getAddress()));
            }
            return null;
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of the wrong length for " + host, e);
        }
    }

    @Override
    public void close() {
        resolver.close();
    }
}
