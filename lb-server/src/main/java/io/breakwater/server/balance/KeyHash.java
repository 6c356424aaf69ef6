package io.breakwater.server.balance;

/**
 * 64-bit hashes of short keys, for {@link ConsistentHash}: FNV-1a (draft-eastlake-fnv), which needs no buffer and no
 * length beforehand, and the finalizer of MurmurHash3 (A. Appleby), because the high bits of FNV alone are poor for keys
 * that differ in their last byte only. Not for adversaries: who knows the function can make keys that meet.
 *
 * <p>Bytes that come in pieces are hashed as {@code finish(add(add(START, one), other))}.
 */
public final class KeyHash {
    /** The state before the first byte. */
    public static final long START = 0xcbf29ce484222325L;

    private static final long PRIME = 0x100000001b3L;

    private KeyHash() {}

    /** Returns the state after one more byte, of which only the low eight bits are looked at. */
    public static long add(long state, int oneByte) {
        return (state ^ (oneByte & 0xff)) * PRIME;
    }

    /** Returns the hash of the bytes so far. */
    public static long finish(long state) {
        return mix(state);
    }

    /** Returns the hash of these bytes. */
    public static long of(byte[] bytes) {
        long state = START;
        for (byte one : bytes) {
            state = add(state, one);
        }
        return finish(state);
    }

    /** Returns the hash of these characters; where all are below 256 it is that of their Latin-1 bytes. */
    public static long of(CharSequence characters) {
        long state = START;
        for (int i = 0; i < characters.length(); i++) {
            char one = characters.charAt(i);
            state = add(state, one);
            if (one > 0xff) {
                state = add(state, one >>> 8);
            }
        }
        return finish(state);
    }

    /** Returns the high bits of a hash as a number from 0 to less than 1. */
    static double fraction(long hash) {
        return (hash >>> 11) * 0x1p-53;
    }

    /** Spreads what differs in any bit over all bits; a bijection (fmix64 of MurmurHash3). */
    static long mix(long bits) {
        long mixed = (bits ^ bits >>> 33) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ mixed >>> 33;
    }
}
