package io.breakwater.server.fallback.queue;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What keeps a queue from being opened, or a request from being stored; its message is for the operator. */
public final class QueueException extends IOException {
    private static final long serialVersionUID = 1L;

    QueueException(String message) {
        super(message);
    }

    QueueException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
