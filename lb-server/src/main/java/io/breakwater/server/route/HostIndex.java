package io.breakwater.server.route;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Values by the names of hosts, looked up by a part of a request's host without making a string of it. The case of ASCII
 * letters makes no difference (RFC 9110, section 4.2.3).
 *
 * <p>The hash goes from the end of a name to its start, so that one pass over a host meets every name that it is below.
 */
final class HostIndex<V> {

    /** The hash of no letters. */
    static final int EMPTY = 0;

    private final @Nullable Node<V>[] buckets;
    private int longest;

    @SuppressWarnings("unchecked")
    HostIndex(int expectedNames) {
        int size = Integer.highestOneBit(Math.max(expectedNames, 1)) * 4;
        this.buckets = (@Nullable Node<V>[]) new Node<?>[size];
    }

    /** Returns the value of this name, which is in lower case; a new one if it has none yet. */
    V computeIfAbsent(String name, Supplier<V> made) {
        int hash = EMPTY;
        for (int i = name.length() - 1; i >= 0; i--) {
            hash = hash(hash, name.charAt(i));
        }
        V known = find(name, 0, name.length(), hash);
        if (known != null) {
            return known;
        }
        V value = made.get();
        int bucket = bucket(hash);
        buckets[bucket] = new Node<>(name, hash, value, buckets[bucket]);
        longest = Math.max(longest, name.length());
        return value;
    }

    /** Letters of the longest name; 0 where there is none. */
    int longest() {
        return longest;
    }

    /** The hash of a part of a host and the character in front of it. */
    static int hash(int ofPart, char inFront) {
        return 31 * ofPart + lower(inFront);
    }

    /**
     * Returns the value of the name that these characters of the host are, or null.
     *
     * @param hash of them, as {@link #hash} makes it from the last to the first
     */
    @Nullable
    V find(CharSequence host, int start, int end, int hash) {
        Node<V> node = buckets[bucket(hash)];
        while (node != null && !node.is(host, start, end, hash)) {
            node = node.next;
        }
        return node == null ? null : node.value;
    }

    private int bucket(int hash) {
        return (hash ^ hash >>> 16) & buckets.length - 1;
    }

    private static char lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
    }

    private record Node<V>(
            String name, int hash, V value, @Nullable Node<V> next) {

        private boolean is(CharSequence host, int start, int end, int hash) {
            if (this.hash != hash || name.length() != end - start) {
                return false;
            }
            for (int i = start; i < end; i++) {
                if (name.charAt(i - start) != lower(host.charAt(i))) {
                    return false;
                }
            }
            return true;
        }
    }
}
