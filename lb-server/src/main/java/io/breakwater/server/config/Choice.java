package io.breakwater.server.config;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;

/** An enum whose constants are values of a key. */
interface Choice {

    String name();

    /** The constant that is written like this; throws with the rule if there is none. */
    static <E extends Enum<E> & Choice> E of(Class<E> type, String text) {
        return EnumSet.allOf(type).stream()
                .filter(choice -> choice.text().equals(text))
                .findFirst()
                .orElseThrow(() -> new InvalidValue(rule(type) + Nearest.hint(text, texts(type))));
    }

    /** What a text must be to be one of the constants. */
    static <E extends Enum<E> & Choice> String rule(Class<E> type) {
        return String.join(" or ", texts(type));
    }

    private static <E extends Enum<E> & Choice> List<String> texts(Class<E> type) {
        return EnumSet.allOf(type).stream().map(Choice::text).toList();
    }

    /** The constant as it is written in a file. */
    default String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
