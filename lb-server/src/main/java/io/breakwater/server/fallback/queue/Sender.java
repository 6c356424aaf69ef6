package io.breakwater.server.fallback.queue;

import java.util.concurrent.CompletionStage;

/** Sends one queued request to its pool. */
@FunctionalInterface
public interface Sender {

    /**
     * Begins to send; called on the scheduler's thread, so it must not block. It is not called again before the stage has
     * completed, on whatever thread, and a stage that never completes stops the queue: a deadline is the sender's to keep. A
     * stage that fails, and an exception, mean {@link SendResult#failed}.
     */
    CompletionStage<SendResult> send(StoredRequest request);
}
