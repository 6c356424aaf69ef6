package io.breakwater.server.config;

/**
 * Where the configuration of a running balancer comes from. A reload loads it again, with the same file and the same
 * settings of the command line as the start did. Safe to use from any thread.
 */
@FunctionalInterface
public interface ConfigSource {

    /** Reads and checks it anew. Blocks on files. */
    LoadedConfig load() throws ConfigProblems;
}
