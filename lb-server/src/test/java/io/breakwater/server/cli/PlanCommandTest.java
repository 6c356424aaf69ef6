package io.breakwater.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.Pki;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {
    private static final String OLD = """
            lb.admin.token = secret-1
            lb.routes = [ { prefix = "/", pool = web } ]
            lb.pools.web {
              backends = [ { id = one, url = "http://a:80" }, { id = two, url = "http://b:80" }, "http://c:80" ]
              health-check { enabled = true, interval = 1s, timeout = 2s }
            }
            """;

    @TempDir
    private Path dir;

    private final Shell shell = new Shell();

    private String file(String name, String text) throws IOException {
        return Files.writeString(dir.resolve(name), text).toString();
    }

    private int plan(String change) throws IOException {
        return shell.run("plan", "-c", file("new.conf", OLD + change), "-c", file("old.conf", OLD));
    }

    @Test
    void saysWhatChangesAndWhatThatDoes() throws IOException {
        assertThat(plan("""
                lb.pools.web.backends = [ { id = one, url = "http://x:80" }, { id = new, url = "http://b:80" }, "http://c:80" ]
                lb.pools.web.breaker.cooldown = 10s
                lb.pools.web.breaker.window.type = count
                """)).isEqualTo(ExitCode.OK);

        assertThat(shell.out().lines())
                .containsExactly(
                        dir.resolve("new.conf") + " in the place of " + dir.resolve("old.conf") + ":",
                        "lb.pools.web.breaker.window.type: none -> count",
                        "    windows of closed circuits start empty; states, deadlines and failures in a row stay",
                        "lb.pools.web.breaker.cooldown: 5s -> 10s",
                        "    circuits that are open keep their deadline",
                        "pool web: backend one replaced, http://a:80 -> http://x:80",
                        "    another backend: starts enabled, with its circuit closed, and counts as healthy until it was"
                                + " checked; requests under way to the old one end, its idle connections are closed, and its"
                                + " circuit, its health and what operators have set are forgotten",
                        "pool web: backend new added",
                        "    it is not taken for two, whose URL it has: starts enabled, with its circuit closed, and counts as"
                                + " healthy until it was checked",
                        "pool web: backend two removed",
                        "    requests under way to the old one end, its idle connections are closed, and its circuit, its"
                                + " health and what operators have set are forgotten",
                        "1 backend stays, with circuits, health, connections and what operators have set",
                        "hazard, as before: " + dir.resolve("new.conf")
                                + ":5: lb.pools.web.health-check.timeout: 2s (unwise: health-check.timeout, 2s, is longer than"
                                + " health-check.interval, 1s, so that a check that hangs delays the next)");
        assertThat(shell.err()).isEmpty();
    }

    @Test
    void saysThatNothingChanges() throws IOException {
        assertThat(plan("")).isEqualTo(ExitCode.OK);

        assertThat(shell.out())
                .contains("nothing changes")
                .contains("3 backends stay, with circuits, health, connections and what operators have set")
                .doesNotContain("new hazard");
    }

    @Test
    void namesAHazardThatIsNew() throws IOException {
        assertThat(plan("lb.pools.web.retries.max = 3")).isEqualTo(ExitCode.OK);

        assertThat(shell.out().lines().filter(line -> line.startsWith("new hazard: ")))
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line).contains("new.conf:", "(unwise: "));
        assertThat(shell.out()).contains("hazard, as before: ");
    }

    @Test
    void whatNeedsARestartIsRefusedAsTheReloadWouldBeAndNoSecretIsShown() throws IOException {
        assertThat(plan("lb.admin.token = secret-2, lb.listen.port = 4000, lb.shutdown.drain = 5s"))
                .isEqualTo(ExitCode.FAILED);

        assertThat(shell.out().lines())
                .contains(
                        "A reload would be refused whole. These need a restart:",
                        "    lb.listen.port: 3000 -> 4000",
                        "    lb.admin.token: (hidden) -> (hidden)",
                        "lb.shutdown.drain: 30s -> 5s");
        assertThat(shell.out()).doesNotContain("secret");
    }

    @Test
    void comparesWithTheDefaultFileAndWhatIsSetHoldsForBoth() throws IOException {
        String same = file("same.conf", Files.readString(Path.of("..", "conf", "lb.conf")));

        assertThat(shell.run("plan", "-c", same, "--set", "lb.listen.port=4000"))
                .isEqualTo(ExitCode.OK);

        assertThat(shell.out()).contains(same + " in the place of ", "lb.conf:").contains("nothing changes");
    }

    @Test
    void filesOfKeysAreReadAgain() throws IOException {
        Certified certified = Certified.by(Pki.AUTHORITY, dir, "a.test");
        String tls = "lb.listen.tls.certificates = [ { certificate = \"%s\", private-key = \"%s\" } ]\n"
                .formatted(certified.certificate(), certified.key());
        shell.run("plan", "-c", file("new.conf", OLD + tls), "-c", file("old.conf", OLD + tls));

        assertThat(shell.out())
                .contains("nothing changes")
                .contains("read again, whether they have changed or not: " + certified.certificate() + ", "
                        + certified.key());
    }

    @Test
    void invalidFilesAndWrongUsageAre2() throws IOException {
        assertThat(plan("lb.pools.web.breaker.cooldown = -1s")).isEqualTo(ExitCode.INVALID);
        assertThat(shell.err()).contains("new.conf:7: lb.pools.web.breaker.cooldown: -1s (expected: ");
        assertThat(shell.out()).isEmpty();

        Shell old = new Shell();
        assertThat(old.run("plan", "-c", file("new.conf", OLD), "-c", file("old.conf", "lb.x = 1")))
                .isEqualTo(ExitCode.INVALID);
        assertThat(old.err()).contains("old.conf:1: lb.x");

        Shell none = new Shell();
        assertThat(none.run("plan")).isEqualTo(ExitCode.INVALID);
        assertThat(none.err()).contains("Try lb plan --help");

        Shell three = new Shell();
        assertThat(three.run("plan", "-c", "a", "-c", "b", "-c", "c")).isEqualTo(ExitCode.INVALID);
        assertThat(three.err()).contains("-c: given 3 times (expected: NEW, and perhaps OLD)");
    }

    @Test
    void helpTellsTheOrderAndTheExitCodes() {
        assertThat(shell.run("plan", "--help")).isEqualTo(ExitCode.OK);

        assertThat(shell.out()).contains("NEW", "OLD", "conf/lb.conf", "1 a reload would refuse it");
    }
}
