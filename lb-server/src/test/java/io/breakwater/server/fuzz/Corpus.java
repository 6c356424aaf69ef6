package io.breakwater.server.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Inputs that are kept: {@code src/test/resources/corpus/NAME}, one per file. What a fuzzer once found stays there. */
public final class Corpus {
    private static final Path ALL = Path.of("src/test/resources/corpus");

    private Corpus() {}

    /** By the names of their files, in their order. */
    public static Map<String, byte[]> of(String name) {
        Map<String, byte[]> inputs = new TreeMap<>();
        try (Stream<Path> files = Files.list(ALL.resolve(name))) {
            for (Path file : files.toList()) {
                inputs.put(String.valueOf(file.getFileName()), Files.readAllBytes(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (inputs.isEmpty()) {
            throw new IllegalStateException("the corpus " + name + " is empty");
        }
        return inputs;
    }

    /** A shape of which each input is one of the corpus, as it is. */
    public static Shape shape(String name) {
        List<byte[]> inputs = List.copyOf(of(name).values());
        return random -> inputs.get(random.nextInt(inputs.size())).clone();
    }
}
