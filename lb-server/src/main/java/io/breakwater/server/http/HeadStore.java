package io.breakwater.server.http;

import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * The bytes of one head and where its fields are. A connection holds one only while it has a head, so that idle
 * connections cost none. Taken from and given back to a small stock of the calling thread; NOT thread safe.
 */
final class HeadStore {
    /** Stands for no store: before the first byte of a head, and after its end. */
    static final HeadStore NONE = new HeadStore(0, 0);

    private static final int INITIAL_BYTES = 1024;
    private static final int INITIAL_FIELDS = 24;
    /** Larger stores are left to the collector: a few huge heads must not be kept for good. */
    private static final int MAX_KEPT_BYTES = 8 * 1024;

    private static final int MAX_KEPT_STORES = 1024;

    private static final FastThreadLocal<ArrayDeque<HeadStore>> STOCK = new FastThreadLocal<>() {
        @Override
        protected ArrayDeque<HeadStore> initialValue() {
            return new ArrayDeque<>();
        }
    };

    private static final int STRIDE = 5;
    private static final int START = 0;
    private static final int NAME_END = 1;
    private static final int VALUE_START = 2;
    private static final int VALUE_END = 3;
    private static final int NAME = 4;

    byte[] bytes;
    private int[] fields;
    private int count;

    private HeadStore(int bytes, int fields) {
        this.bytes = new byte[bytes];
        this.fields = new int[fields * STRIDE];
    }

    static HeadStore take() {
        HeadStore store = STOCK.get().pollLast();
        return store == null ? new HeadStore(INITIAL_BYTES, INITIAL_FIELDS) : store;
    }

    static void giveBack(HeadStore store) {
        ArrayDeque<HeadStore> stock = STOCK.get();
        if (store != NONE && store.bytes.length <= MAX_KEPT_BYTES && stock.size() < MAX_KEPT_STORES) {
            store.count = 0;
            stock.addLast(store);
        }
    }

    void growBytes() {
        bytes = Arrays.copyOf(bytes, bytes.length * 2);
    }

    void add(int start, int nameEnd, int valueStart, int valueEnd, int name) {
        int at = count++ * STRIDE;
        if (at == fields.length) {
            fields = Arrays.copyOf(fields, fields.length * 2);
        }
        fields[at + START] = start;
        fields[at + NAME_END] = nameEnd;
        fields[at + VALUE_START] = valueStart;
        fields[at + VALUE_END] = valueEnd;
        fields[at + NAME] = name;
    }

    int count() {
        return count;
    }

    /** The first byte of the field's line. */
    int start(int field) {
        return fields[field * STRIDE + START];
    }

    int nameEnd(int field) {
        return fields[field * STRIDE + NAME_END];
    }

    int valueStart(int field) {
        return fields[field * STRIDE + VALUE_START];
    }

    int valueEnd(int field) {
        return fields[field * STRIDE + VALUE_END];
    }

    /** A constant of {@link FieldName}. */
    int name(int field) {
        return fields[field * STRIDE + NAME];
    }

    void rename(int field, int name) {
        fields[field * STRIDE + NAME] = name;
    }
}
