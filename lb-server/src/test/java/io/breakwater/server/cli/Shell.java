package io.breakwater.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.breakwater.server.config.ConfigLoader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What a command is started from in a test: its streams, its environment, and a hand on its signals. */
final class Shell implements Signals {

    final FakeBalancer balancer = new FakeBalancer();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final CountDownLatch ready = new CountDownLatch(1);
    private Map<String, String> environment = Map.of();
    private String input = "";
    private Path home = Path.of("..");
    private volatile @Nullable Runnable onStop;
    private volatile @Nullable Runnable onHangUp;
    private volatile @Nullable Runnable onReopen;

    Shell environment(Map<String, String> variables) {
        environment = variables;
        return this;
    }

    Shell input(String text) {
        input = text;
        return this;
    }

    Shell home(Path folder) {
        home = folder;
        return this;
    }

    /** Runs a command that ends by itself. */
    int run(String... arguments) {
        return run(balancer, arguments);
    }

    int run(BalancerFactory balancers, String... arguments) {
        Host host = new Host(
                new ByteArrayInputStream(input.getBytes(UTF_8)),
                new PrintStream(out, true, UTF_8) {
                    @Override
                    public void flush() {
                        super.flush();
                        if (Shell.this.out.size() > 0) {
                            ready.countDown();
                        }
                    }
                },
                new PrintStream(err, true, UTF_8),
                environment,
                new ConfigLoader(environment, () -> 1_000_000),
                this,
                () -> Instant.EPOCH,
                home);
        return new LbCommand(balancers, host).run(arguments);
    }

    /** Starts a command that serves, and returns once it has said that it does. */
    CompletableFuture<Integer> start(String... arguments) throws InterruptedException {
        CompletableFuture<Integer> exit = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                exit.complete(run(balancer, arguments));
            } catch (RuntimeException | Error e) {
                exit.completeExceptionally(e);
            } finally {
                ready.countDown();
            }
        });
        thread.setDaemon(true);
        thread.start();
        if (!ready.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("not ready: " + err());
        }
        return exit;
    }

    void stop() {
        requireNonNull(onStop).run();
    }

    void hangUp() {
        requireNonNull(onHangUp).run();
    }

    void reopen() {
        requireNonNull(onReopen).run();
    }

    String out() {
        return out.toString(UTF_8);
    }

    String err() {
        return err.toString(UTF_8);
    }

    List<String> errLines() {
        return err().lines().toList();
    }

    @Override
    public void onStop(Runnable action) {
        onStop = action;
    }

    @Override
    public void onHangUp(Runnable action) {
        onHangUp = action;
    }

    @Override
    public void onReopen(Runnable action) {
        onReopen = action;
    }
}
