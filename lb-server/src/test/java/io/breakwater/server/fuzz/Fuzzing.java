package io.breakwater.server.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.breakwater.time.Ticker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Checks a target with every input of its corpus, and then with mutations of those and of what shapes make: a fixed
 * number of them with a fixed seed, or with {@code -Dfuzz.minutes=N} as many as there is time for, with a seed of their
 * own unless {@code -Dseed=…} gives one. An input follows from the seed and its number. One that fails is kept in
 * {@code target/fuzz}; put into the corpus, it is checked for good.
 */
public final class Fuzzing {
    private static final long FIXED_SEED = 20_261_121L;
    private static final int MINUTES = Integer.getInteger("fuzz.minutes", 0);
    private static final Path KEPT = Path.of("target/fuzz");
    /** Nothing that takes less is taken for a hang, however slow the machine. */
    private static final long STALLED_SECONDS = 60;

    private static final int SHOWN_CHARS = 2000;

    private final String name;
    private final FuzzTarget target;
    private final List<Shape> shapes;
    private final List<byte[]> inputs;
    private final Map<String, byte[]> corpus;
    private final long seed;
    private final Ticker ticker = Ticker.system();

    private final AtomicLong checked = new AtomicLong();
    private volatile byte[] current = {};
    private volatile @Nullable Throwable failure;

    /** @param name of the corpus, which is a shape too */
    public Fuzzing(String name, FuzzTarget target, Shape... more) {
        this.name = name;
        this.target = target;
        this.corpus = Corpus.of(name);
        this.inputs = List.copyOf(corpus.values());
        this.shapes = new ArrayList<>(Arrays.asList(more));
        shapes.add(random -> inputs.get(random.nextInt(inputs.size())));
        this.seed = Long.getLong("seed", MINUTES == 0 ? FIXED_SEED : ticker.read());
    }

    /** Whether this is a long run. */
    public static boolean isLong() {
        return MINUTES > 0;
    }

    /**
     * Returns when everything has been checked.
     *
     * @param count how many inputs, apart from the corpus, where no time is given
     */
    public void run(long count) throws InterruptedException {
        Thread worker = new Thread(() -> work(count), "fuzz-" + name);
        worker.setDaemon(true);
        worker.start();
        long before = -1;
        while (worker.isAlive()) {
            if (checked.get() == before) {
                throw new AssertionError(describe("hangs", current, null));
            }
            before = checked.get();
            worker.join(TimeUnit.SECONDS.toMillis(STALLED_SECONDS));
        }
        if (failure != null) {
            throw new AssertionError(describe("fails", current, failure), failure);
        }
        System.out.printf("fuzz %s: seed %d, %d inputs%n", name, seed, checked.get());
    }

    private void work(long count) {
        try {
            for (byte[] input : inputs) {
                check(input);
            }
            long end = ticker.read() + TimeUnit.MINUTES.toNanos(MINUTES);
            for (long number = 0; MINUTES == 0 ? number < count : ticker.read() - end < 0; number++) {
                check(input(number));
            }
        } catch (Throwable e) {
            failure = e;
        }
    }

    private void check(byte[] input) throws Throwable {
        current = input;
        target.check(input.clone());
        checked.incrementAndGet();
    }

    private byte[] input(long number) {
        // Numbers side by side must not give streams side by side.
        SplittableRandom random = new SplittableRandom(seed + number * 0x9e3779b97f4a7c15L).split();
        byte[] made = shapes.get(random.nextInt(shapes.size())).next(random);
        return random.nextInt(4) == 0 ? made : Mutations.mutated(made, inputs, random);
    }

    private String describe(String what, byte[] input, @Nullable Throwable why) {
        String origin = "seed %d".formatted(seed);
        for (Map.Entry<String, byte[]> kept : corpus.entrySet()) {
            origin = Arrays.equals(kept.getValue(), input) ? kept.getKey() : origin;
        }
        return "%s %s (%s, kept in %s): %s%n%s"
                .formatted(name, what, origin, keep(input), why == null ? "no answer" : why, show(input));
    }

    private Path keep(byte[] input) {
        Path file = KEPT.resolve(name + "-" + Integer.toHexString(Arrays.hashCode(input)));
        try {
            Files.createDirectories(KEPT);
            Files.write(file, input);
        } catch (IOException e) {
            return Path.of("nowhere: " + e);
        }
        return file;
    }

    /** As text in which every byte can be told. */
    public static String show(byte[] bytes) {
        StringBuilder shown = new StringBuilder();
        for (char c : new String(bytes, ISO_8859_1).toCharArray()) {
            shown.append(c >= ' ' && c < 0x7f ? String.valueOf(c) : String.format("\\x%02x", (int) c));
            if (shown.length() > SHOWN_CHARS) {
                return shown.append("…").toString();
            }
        }
        return shown.toString();
    }
}
