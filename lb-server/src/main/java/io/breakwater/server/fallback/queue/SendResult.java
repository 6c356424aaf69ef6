package io.breakwater.server.fallback.queue;

/**
 * What came of sending a queued request.
 *
 * @param status of the response; 0 if there is none, or none to tell
 */
public record SendResult(Kind kind, int status) {
    /** What is to be done with the request. */
    public enum Kind {
        /** A backend has answered; it is done. */
        DELIVERED,
        /** A backend has refused it for good; it is done. */
        REJECTED,
        /** It was sent in vain: it stays the first, and the attempt counts. */
        FAILED,
        /** Nobody might be asked: it stays the first. */
        UNAVAILABLE
    }

    public static SendResult delivered(int status) {
        return new SendResult(Kind.DELIVERED, status);
    }

    public static SendResult rejected(int status) {
        return new SendResult(Kind.REJECTED, status);
    }

    public static SendResult failed() {
        return new SendResult(Kind.FAILED, 0);
    }

    public static SendResult unavailable() {
        return new SendResult(Kind.UNAVAILABLE, 0);
    }
}
