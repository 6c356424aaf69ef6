package io.breakwater.health;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * Which backend: the pool that it belongs to and its id within that pool. This is its identity over reloads and the
 * pair of labels that its metrics carry.
 *
 * @param pool the pool's name
 * @param id the backend's id, unique in its pool; {@code host:port} unless configured
 */
public record BackendId(String pool, String id) {

    public BackendId {
        requireNonNull(pool, "pool");
        requireNonNull(id, "id");
    }

    /** As a record's own; written out because the JVM takes 20 ms of every start to make that. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof BackendId that && pool.equals(that.pool) && id.equals(that.id);
    }

    @Override
    public int hashCode() {
        return 31 * pool.hashCode() + id.hashCode();
    }

    /** Returns {@code pool/id}. */
    @Override
    public String toString() {
        return pool + "/" + id;
    }
}
