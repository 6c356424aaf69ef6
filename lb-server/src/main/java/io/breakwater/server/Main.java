package io.breakwater.server;

import io.breakwater.server.cli.LbCommand;
import java.time.InstantSource;

/** The process: the {@code lb} command. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(new LbCommand(LoadBalancer::new, InstantSource.system()).run(arguments));
    }
}
