package io.breakwater.server.config;

import java.util.Locale;

/** An enum whose constants are values of a key. */
interface Choice {

    String name();

    /** The constant as it is written in a file. */
    default String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
