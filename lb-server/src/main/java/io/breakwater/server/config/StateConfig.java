package io.breakwater.server.config;

/**
 * {@code lb.state}: what survives a restart.
 *
 * @param file path of the file; empty for none
 */
public record StateConfig(String file) {

    /** Whether anything is kept. */
    public boolean isOn() {
        return !file.isEmpty();
    }
}
