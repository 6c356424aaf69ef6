package io.breakwater.server.state;

import java.util.Comparator;
import java.util.List;

/**
 * What a process before this one has left.
 *
 * @param backends those that were kept in rotation though unhealthy last: that holds only if nobody beside them is well
 */
public record SavedState(List<SavedBackend> backends) {

    /** Nothing. */
    public static final SavedState NONE = new SavedState(List.of());

    public SavedState {
        backends = backends.stream()
                .sorted(Comparator.comparing(SavedBackend::suspect))
                .toList();
    }
}
