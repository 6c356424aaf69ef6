package io.breakwater.server.config;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The names of those routes that are given none, each made unique in the order in which they ask. Not thread safe. */
final class RouteNames {

    private final Set<String> taken;
    private final Map<String, Integer> lastNumbers = new HashMap<>();

    /** @param given the names in the file, wherever they stand: whoever writes one gets it */
    RouteNames(Collection<String> given) {
        taken = new HashSet<>(given);
    }

    /** Takes the name, or where somebody has it the first that is free of {@code name#2}, {@code name#3} and so on. */
    String take(String name) {
        String free = name;
        while (!taken.add(free)) {
            free = name + "#" + lastNumbers.merge(name, 2, (last, two) -> last + 1);
        }
        return free;
    }
}
