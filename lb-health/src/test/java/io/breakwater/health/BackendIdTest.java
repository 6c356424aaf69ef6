package io.breakwater.health;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BackendIdTest {

    @Test
    void isThePoolAndTheIdWithinIt() {
        BackendId id = new BackendId("pool", "a");

        assertThat(id).isEqualTo(new BackendId("pool", "a")).hasSameHashCodeAs(new BackendId("pool", "a"));
        assertThat(id).isNotEqualTo(new BackendId("pool", "b")).isNotEqualTo(new BackendId("other", "a"));
        assertThat((Object) id).isNotEqualTo("pool/a");
        assertThat(id).hasToString("pool/a");
    }
}
