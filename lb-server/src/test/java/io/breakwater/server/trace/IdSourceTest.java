package io.breakwater.server.trace;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** No id is made twice, and each is written as what it is. */
class IdSourceTest {
    /** The generator's step: from this seed its first number is 0. */
    private static final long GIVES_ZERO = -0x9e3779b97f4a7c15L;

    private static String next(IdSource source) {
        Id128 id = new Id128();
        source.next(id);
        return id.toString();
    }

    @Test
    void noIdIsMadeTwice() {
        int times = 100_000;
        IdSource one = IdSource.seeded();
        IdSource other = IdSource.seeded();
        Set<String> ids = new HashSet<>();
        Set<Long> spans = new HashSet<>();
        for (int i = 0; i < times; i++) {
            ids.add(next(one));
            ids.add(next(other));
            spans.add(one.nextSpanId());
        }

        assertThat(ids).hasSize(2 * times).allMatch(id -> id.matches("[0-9a-f]{32}"));
        assertThat(spans).hasSize(times);
    }

    @Test
    void sourcesWithOneSeedInCommonMakeDifferentIds() {
        assertThat(next(new IdSource(1, 2))).isNotEqualTo(next(new IdSource(1, 3)));
        assertThat(next(new IdSource(1, 2))).isNotEqualTo(next(new IdSource(0, 2)));
    }

    /** W3C Trace Context, sections 3.2.2.3 and 3.2.2.4. */
    @Test
    void noIdIsZero() {
        assertThat(new SplittableRandom(GIVES_ZERO).nextLong()).isZero();

        assertThat(new IdSource(GIVES_ZERO, GIVES_ZERO).nextSpanId()).isNotZero();
        assertThat(next(new IdSource(GIVES_ZERO, GIVES_ZERO)))
                .startsWith("0".repeat(16))
                .isNotEqualTo("0".repeat(32));
    }

    @Test
    void anIdIsItsDigitsHoweverItIsRead() {
        SplittableRandom random = new SplittableRandom(7);
        Id128 id = new Id128();
        Id128 read = new Id128();
        ByteBuf out = Unpooled.buffer();
        for (int i = 0; i < 1000; i++) {
            long high = random.nextLong() >>> random.nextInt(64);
            long low = random.nextLong() << random.nextInt(64);
            String expected = HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
            id.set(high, low);
            id.write(out.clear());
            read.parse("--" + expected, 2);

            assertThat(out.toString(US_ASCII)).isEqualTo(expected);
            assertThat(id.toString()).isEqualTo(expected);
            assertThat(read.toString()).isEqualTo(expected);
            assertThat(new StringBuilder().append((CharSequence) id)).hasToString(expected);
        }
    }
}
