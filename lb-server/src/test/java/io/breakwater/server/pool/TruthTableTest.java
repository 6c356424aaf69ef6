package io.breakwater.server.pool;

import static io.breakwater.server.pool.PoolFixture.COOLDOWN;
import static io.breakwater.server.pool.PoolFixture.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.check.HealthStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of {@code docs/health.md}, row by row: what explain says, and what a request meets. */
class TruthTableTest {
    private static final String HEADER = "| admin | health | suspect | slot | circuit | eligible | code |";

    record Row(
            String admin, String health, String suspect, String slot, String circuit, String eligible, String code) {}

    static Stream<Row> rows() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("..", "docs", "health.md"));
        int header = lines.indexOf(HEADER);
        assertThat(header).as("the line of the header").isNotNegative();
        return lines.subList(header + 2, lines.size()).stream()
                .takeWhile(line -> line.startsWith("|"))
                .map(TruthTableTest::row);
    }

    private static Row row(String line) {
        List<String> cells = Arrays.stream(line.split("\\|"))
                .map(String::strip)
                .filter(cell -> !cell.isEmpty())
                .toList();
        assertThat(cells).as(line).hasSize(7);
        return new Row(
                cells.get(0), cells.get(1), cells.get(2), cells.get(3), cells.get(4), cells.get(5), cells.get(6));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void theTableIsTrue(Row row) {
        boolean unchecked = row.health.equals("unchecked");
        String initial = row.health.equals("unknown-initial-unhealthy") ? "unhealthy" : "healthy";
        var at = PoolFixture.of(
                replicas(1),
                "concurrency.max-per-backend = 1",
                "health-check { enabled = " + !unchecked + ", initial = " + initial + " }");
        Backend backend = at.backend("a");
        boolean full = row.slot.equals("full");
        boolean busy = row.circuit.equals("half-open busy");
        if (full) {
            at.health("a", HealthStatus.HEALTHY);
            assertThat(at.request()).isEqualTo("a");
        }
        switch (row.circuit) {
            case "closed" -> {}
            case "open" -> at.open("a");
            case "half-open free", "half-open busy" -> {
                at.open("a");
                at.advance(COOLDOWN);
            }
            case "tripped" -> backend.breaker().trip(at.now());
            default -> throw new IllegalArgumentException(row.circuit);
        }
        if (busy) { // somebody has the probe, and its slot is another matter
            Objects.requireNonNull(backend.breaker().tryAcquire(at.now()));
        }
        switch (row.health) {
            case "unchecked" -> at.health("a", HealthStatus.UNCHECKED);
            case "unknown-initial-healthy", "unknown-initial-unhealthy" -> at.health("a", HealthStatus.UNKNOWN);
            case "healthy" -> at.health("a", HealthStatus.HEALTHY);
            case "unhealthy" -> {
                at.health("a", HealthStatus.HEALTHY);
                at.health("a", HealthStatus.UNHEALTHY, row.suspect.equals("yes"));
            }
            default -> throw new IllegalArgumentException(row.health);
        }
        assertThat(backend.replica().isSuspect()).isEqualTo(row.suspect.equals("yes"));
        backend.replica().admin(AdminState.valueOf(row.admin.toUpperCase(Locale.ROOT)));
        int underWay = backend.replica().inFlight();

        Eligibility said = at.why("a");
        assertThat(said.label()).isEqualTo(row.code);
        assertThat(said.isEligible()).isEqualTo(row.eligible.equals("yes"));
        assertThat(backend.replica().inFlight()).as("explain takes nothing").isEqualTo(underWay);
        assertThat(at.request().equals("a")).as("a request meets it").isEqualTo(row.eligible.equals("yes"));
    }
}
