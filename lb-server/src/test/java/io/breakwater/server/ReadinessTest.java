package io.breakwater.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadinessTest {
    private boolean listening;
    private boolean checked;
    private boolean draining;
    private final Readiness readiness = new Readiness(() -> listening, () -> checked, () -> draining);

    @Test
    void isReadyOnceItListensAndTheFirstChecksAreDone() {
        assertThat(readiness.get()).isEqualTo("starting");

        listening = true;
        assertThat(readiness.get()).isEqualTo("first health checks");

        checked = true;
        assertThat(readiness.get()).isNull();
    }

    @Test
    void backendsThatComeLaterDoNotTakeItBack() {
        listening = true;
        checked = true;
        assertThat(readiness.get()).isNull();

        checked = false;

        assertThat(readiness.get()).isNull();
    }

    @Test
    void checksThatAreDoneBeforeItListensAreNotKeptInMind() {
        checked = true;
        assertThat(readiness.get()).isEqualTo("starting");

        checked = false;
        listening = true;

        assertThat(readiness.get()).isEqualTo("first health checks");
    }

    @Test
    void isNotReadyWhileItDrains() {
        listening = true;
        checked = true;
        draining = true;
        assertThat(readiness.get()).isEqualTo("draining");

        listening = false;

        assertThat(readiness.get()).isEqualTo("draining");
    }
}
