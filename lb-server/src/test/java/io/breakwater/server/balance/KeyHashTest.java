package io.breakwater.server.balance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class KeyHashTest {

    /** The published test vectors of FNV-1a with 64 bits, and fmix64 of 1 as the reference implementation gives it. */
    @Test
    void isThePublishedFunctions() {
        assertThat(KeyHash.START).isEqualTo(0xcbf29ce484222325L);
        assertThat(KeyHash.add(KeyHash.START, 'a')).isEqualTo(0xaf63dc4c8601ec8cL);
        assertThat(fnv("foobar")).isEqualTo(0x85944171f73967e8L);
        assertThat(KeyHash.mix(0)).isZero();
        assertThat(KeyHash.mix(1)).isEqualTo(0xb456bcfc34c2cb2cL);
    }

    private static long fnv(String text) {
        long state = KeyHash.START;
        for (byte one : text.getBytes(US_ASCII)) {
            state = KeyHash.add(state, one);
        }
        return state;
    }

    @Test
    void hashesPiecesBytesAndCharactersAlike() {
        String text = "user=\u00e9\u00ff 42";
        long whole = KeyHash.of(text);

        assertThat(KeyHash.of(text.getBytes(ISO_8859_1))).isEqualTo(whole);
        assertThat(KeyHash.finish(fnv("ab"))).isEqualTo(KeyHash.of("ab"));
        assertThat(KeyHash.of("\u0141")).isNotEqualTo(KeyHash.of("A"));
    }

    /** Chi-square over the 64 top and the 64 low values; 63 degrees of freedom, critical value 103.4 at 0.1 %. */
    @Test
    void spreadsKeysThatDifferInTheirLastCharactersOnly() {
        int[] high = new int[64];
        int[] low = new int[64];
        for (int i = 0; i < 100_000; i++) {
            long hash = KeyHash.of("/api/users/" + i);
            high[(int) (hash >>> 58)]++;
            low[(int) (hash & 63)]++;
        }
        double[] even = new double[64];
        Arrays.fill(even, 1);
        assertThat(ChiSquare.of(high, even)).isLessThan(ChiSquare.critical(63));
        assertThat(ChiSquare.of(low, even)).isLessThan(ChiSquare.critical(63));
    }
}
