package io.breakwater.server.admin;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** An explainer that says what it was asked, and answers what a test sets. */
final class FakeExplainer implements Explainer {
    final List<String> calls = new CopyOnWriteArrayList<>();
    volatile Explained answer = new Explained.Candidates(
            "default",
            "cart",
            List.of(
                    new Explained.Candidate("a:1", null, true, "eligible", "The circuit is closed.", null, null),
                    new Explained.Candidate(
                            "b:1",
                            "cart",
                            false,
                            "circuit_open",
                            "The circuit is \"open\".",
                            FakeStatus.NOON.minusNanos(1),
                            FakeStatus.NOON)),
            List.of("stale", "static"));

    @Override
    public Explained pool(String name) {
        calls.add("pool " + name);
        return answer;
    }

    @Override
    public Explained request(String method, @Nullable String host, String target) {
        calls.add(method + " " + host + " " + target);
        return answer;
    }
}
