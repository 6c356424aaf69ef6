package io.breakwater.server.node;

import java.io.StringWriter;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.DefaultPrettyPrinter.NopIndenter;
import tools.jackson.core.util.Separators;
import tools.jackson.core.util.Separators.Spacing;

/**
 * The lines that the node says. Replies to calls and all errors are bare and have a space after each colon and comma;
 * enveloped replies are compact. Both are published like this, byte for byte.
 */
final class Reply {
    private static final JsonFactory JSON = new JsonFactory();
    private static final ObjectWriteContext COMPACT = ObjectWriteContext.empty();
    private static final ObjectWriteContext SPACED = new ObjectWriteContext.Base() {
        @Override
        public boolean hasPrettyPrinter() {
            return true;
        }

        @Override
        public PrettyPrinter getPrettyPrinter() {
            return new DefaultPrettyPrinter(Separators.createDefaultInstance()
                            .withObjectNameValueSpacing(Spacing.AFTER)
                            .withObjectEntrySpacing(Spacing.AFTER))
                    .withObjectIndenter(NopIndenter.instance());
        }
    };

    private Reply() {}

    static String initOk(String src, String dest, long inReplyTo, long msgId) {
        return write(COMPACT, json -> {
            json.writeStringProperty("src", src);
            json.writeStringProperty("dest", dest);
            json.writeObjectPropertyStart("body");
            json.writeStringProperty("type", "init_ok");
            json.writeNumberProperty("in_reply_to", inReplyTo);
            json.writeNumberProperty("msg_id", msgId);
            json.writeEndObject();
        });
    }

    static String opened(long inReplyTo, String service, long failures) {
        return write(SPACED, json -> {
            json.writeStringProperty("type", "circuit_breaker_open");
            json.writeNumberProperty("in_reply_to", inReplyTo);
            json.writeStringProperty("service", service);
            json.writeNumberProperty("failures", failures);
        });
    }

    static String refused(long inReplyTo, String service) {
        return write(SPACED, json -> {
            json.writeStringProperty("type", "error");
            json.writeNumberProperty("in_reply_to", inReplyTo);
            json.writeStringProperty("error", "Circuit breaker OPEN");
            json.writeStringProperty("service", service);
        });
    }

    static String closed(long inReplyTo, String service) {
        return write(SPACED, json -> {
            json.writeStringProperty("type", "circuit_breaker_closed");
            json.writeNumberProperty("in_reply_to", inReplyTo);
            json.writeStringProperty("service", service);
            json.writeStringProperty("state", "closed");
        });
    }

    static String callOk(long inReplyTo, String service, String state, long failures) {
        return write(SPACED, json -> {
            json.writeStringProperty("type", "call_ok");
            json.writeNumberProperty("in_reply_to", inReplyTo);
            json.writeStringProperty("service", service);
            json.writeStringProperty("state", state);
            json.writeNumberProperty("failures", failures);
        });
    }

    static String error(@Nullable Long inReplyTo, String error) {
        return write(SPACED, json -> {
            json.writeStringProperty("type", "error");
            if (inReplyTo == null) {
                json.writeNullProperty("in_reply_to");
            } else {
                json.writeNumberProperty("in_reply_to", inReplyTo);
            }
            json.writeStringProperty("error", error);
        });
    }

    private static String write(ObjectWriteContext form, Consumer<JsonGenerator> fields) {
        StringWriter line = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(form, line)) {
            json.writeStartObject();
            fields.accept(json);
            json.writeEndObject();
        }
        return line.toString();
    }
}
