package io.breakwater.server.demo;

import java.time.InstantSource;

/** What all connections of one replica share. Used on its event loop only. */
final class ReplicaState {

    final String name;
    final InstantSource clock;
    private Faults faults = Faults.NONE;

    ReplicaState(String name, InstantSource clock) {
        this.name = name;
        this.clock = clock;
    }

    Faults faults() {
        return faults;
    }

    void become(Faults next) {
        faults = next;
    }
}
