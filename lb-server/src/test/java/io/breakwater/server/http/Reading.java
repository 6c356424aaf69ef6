package io.breakwater.server.http;

import java.util.ArrayList;
import java.util.List;

/** What a parser made of a stream of bytes: messages, and how it ended. */
final class Reading {
    enum End {
        /** Everything belongs to a message. */
        CLEAN,
        /** The last message is not whole. */
        INCOMPLETE,
        REFUSED
    }

    /**
     * @param start of the message: method, target and version, or version and status
     * @param fields each as {@code name: value}, in order
     * @param end where the message ends in the bytes; what it is while the message is not whole does not matter
     */
    record Message(String start, List<String> fields, BodyFraming framing, String body, int end, boolean whole) {
        boolean sameHead(Message other) {
            return start.equals(other.start) && fields.equals(other.fields) && framing == other.framing;
        }
    }

    final List<Message> messages = new ArrayList<>();
    End end = End.CLEAN;
    /** Why it was refused: a constant of HeadError or BodyError by its name, or whatever the other parser says. */
    String reason = "";

    /** How many messages are whole. */
    int whole() {
        int count = 0;
        for (Message message : messages) {
            count += message.whole() ? 1 : 0;
        }
        return count;
    }

    @Override
    public String toString() {
        return messages + " " + end + " " + reason;
    }
}
