package io.breakwater.server.admin;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.fixtures.Gate;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Operations that say what they were asked for, and answer what a test sets. */
final class FakeOperations implements Operations {
    static final StatusView.Backend BACKEND =
            FakeStatus.backend("a:1", FakeStatus.circuit(CircuitState.CLOSED, 0, null, null, null, 0), List.of());

    final List<String> calls = new CopyOnWriteArrayList<>();
    volatile Result result = new Result.Done("enabled", "draining", true, BACKEND);
    volatile ReloadResult reloadResult = new ReloadResult.Success(List.of(), List.of());
    volatile @Nullable RuntimeException failure;
    /** Where reloads wait, if anywhere. */
    volatile @Nullable Gate gate;

    @Override
    public Result backend(String pool, String id, Action action) {
        calls.add(action.label() + " " + pool + " " + id);
        fail();
        return result;
    }

    @Override
    public ReloadResult reload() {
        calls.add("reload on " + Thread.currentThread().getName().replaceFirst("-\\d.*", ""));
        Gate shut = gate;
        if (shut != null) {
            try {
                shut.pass();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        fail();
        return reloadResult;
    }

    private void fail() {
        RuntimeException thrown = failure;
        if (thrown != null) {
            throw thrown;
        }
    }
}
