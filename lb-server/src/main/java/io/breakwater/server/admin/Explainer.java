package io.breakwater.server.admin;

import org.jspecify.annotations.Nullable;

/**
 * Says who may serve a request now, and why or why not, without sending one. Called on the admin port's own thread; must
 * not block.
 */
public interface Explainer {

    /** Explains a request of this pool that could be repeated. */
    Explained pool(String name);

    /**
     * Explains a request without a body.
     *
     * @param host as the Host field has it; null for a request without
     * @param target as the request line has it
     */
    Explained request(String method, @Nullable String host, String target);
}
