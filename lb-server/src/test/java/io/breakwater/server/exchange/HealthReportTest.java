package io.breakwater.server.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.pool.AdminState;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthReportTest {

    @ParameterizedTest
    @CsvSource({
        "ENABLED,  UNCHECKED, CLOSED,    true",
        "ENABLED,  UNKNOWN,   CLOSED,    true",
        "ENABLED,  HEALTHY,   CLOSED,    true",
        "ENABLED,  UNHEALTHY, CLOSED,    false",
        "ENABLED,  UNCHECKED, HALF_OPEN, false",
        "ENABLED,  HEALTHY,   OPEN,      false",
        "ENABLED,  UNHEALTHY, OPEN,      false",
        "DRAINING, HEALTHY,   OPEN,      true",
        "DRAINING, UNHEALTHY, CLOSED,    true",
        "DISABLED, UNHEALTHY, HALF_OPEN, true"
    })
    void anEnabledBackendIsWellIfItsCircuitIsClosedAndItIsNotUnhealthy(
            AdminState wanted, HealthStatus health, CircuitState circuit, boolean well) {
        assertThat(HealthReport.isWell(wanted, health, circuit)).isEqualTo(well);
    }
}
