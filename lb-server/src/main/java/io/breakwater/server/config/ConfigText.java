package io.breakwater.server.config;

import java.io.IOException;

/** The text of a configuration, read again where a problem in it has to be found. */
@FunctionalInterface
interface ConfigText {
    String read() throws IOException;
}
