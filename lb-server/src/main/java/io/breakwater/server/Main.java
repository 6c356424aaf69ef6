package io.breakwater.server;

import io.breakwater.server.cli.LbCommand;
import java.time.InstantSource;

/** The process: the {@code lb} command. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        // Before Java's TLS is first used, which reads this once: a client cannot make us do handshake after handshake.
        System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        System.exit(new LbCommand(LoadBalancer::new, InstantSource.system()).run(arguments));
    }
}
