package io.breakwater.health;

import static java.util.Objects.requireNonNull;

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

    /** Returns {@code pool/id}. */
    @Override
    public String toString() {
        return pool + "/" + id;
    }
}
