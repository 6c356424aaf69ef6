package io.breakwater.server.route;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Routes by the path or prefix that they have, looked up by a part of a path without making a string of it. */
final class PathIndex<P> {
    private final @Nullable Node<P>[] buckets;

    @SuppressWarnings("unchecked")
    PathIndex(int expectedKeys) {
        int size = Integer.highestOneBit(Math.max(expectedKeys, 1)) * 4;
        this.buckets = (@Nullable Node<P>[]) new Node<?>[size];
    }

    /** Adds a route behind those that were added under this key before. */
    void add(String key, Entry<P> entry) {
        Node<P> node = find(key, key.length(), key.hashCode());
        if (node == null) {
            int bucket = bucket(key.hashCode());
            node = new Node<>(key, buckets[bucket]);
            buckets[bucket] = node;
        }
        node.entries.add(entry);
    }

    /**
     * Returns the routes whose key is the first {@code length} characters of this path, or null.
     *
     * @param hash of these characters, as {@link String#hashCode()} defines it
     */
    @Nullable
    Node<P> find(CharSequence path, int length, int hash) {
        Node<P> node = buckets[bucket(hash)];
        while (node != null && !node.is(path, length, hash)) {
            node = node.next;
        }
        return node;
    }

    private int bucket(int hash) {
        return (hash ^ hash >>> 16) & buckets.length - 1;
    }

    /** The routes of one key, in the order of the file. */
    static final class Node<P> {
        private final String key;
        private final int hash;
        private final @Nullable Node<P> next;
        private final List<Entry<P>> entries = new ArrayList<>();

        private Node(String key, @Nullable Node<P> next) {
            this.key = key;
            this.hash = key.hashCode();
            this.next = next;
        }

        /** Returns the first entry behind the order {@code after} that takes the method (null: any), or null. */
        @Nullable
        Entry<P> first(@Nullable String method, int after) {
            for (int i = 0; i < entries.size(); i++) {
                Entry<P> entry = entries.get(i);
                if (entry.order > after && (method == null || entry.route.takesMethod(method))) {
                    return entry;
                }
            }
            return null;
        }

        private boolean is(CharSequence path, int length, int hash) {
            if (this.hash != hash || key.length() != length) {
                return false;
            }
            for (int i = 0; i < length; i++) {
                if (key.charAt(i) != path.charAt(i)) {
                    return false;
                }
            }
            return true;
        }
    }

    static final class Entry<P> {
        final int order;
        final Route<P> route;

        Entry(int order, Route<P> route) {
            this.order = order;
            this.route = route;
        }
    }
}
