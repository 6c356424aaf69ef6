package io.breakwater.server.exchange;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import io.breakwater.server.fallback.queue.Field;
import io.breakwater.server.fallback.queue.QueuedRequest;
import io.breakwater.server.fallback.queue.Receipt;
import io.breakwater.server.http.RequestHead;
import io.breakwater.server.listener.DownstreamConnection;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.runtime.TimerWheel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of a request into a {@code WriteQueue}: what is missing of its body comes, then it is written to the disk.
 * Confined to the exchange's event loop; the disk has a thread of its own.
 *
 * <p>The wait for the disk is not bounded: the queue always says what came of a request, and a client that is sent away
 * before could not know that its write was stored.
 */
final class Storing extends TimerWheel.Timeout {
    private static final Logger LOG = LoggerFactory.getLogger(Storing.class);
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(ISO_8859_1);
    private static final byte[] NO_BYTES = {};

    private final ProxyExchange exchange;
    private final Loop loop;

    private Fallback.@Nullable Queue queue;
    private boolean gathering;
    private long waitingSinceNanos;
    /** Counts what was begun and what was stopped: what the disk says of anything earlier concerns nobody. */
    private int number;

    Storing(ProxyExchange exchange, Loop loop) {
        this.exchange = exchange;
        this.loop = loop;
    }

    /**
     * Begins; nothing of an attempt is left.
     *
     * @param asksForBody the client waits for 100 (Continue)
     */
    void begin(Fallback.Queue into, boolean asksForBody, long now) {
        queue = into;
        number++;
        if (exchange.isRequestEnded()) {
            store();
            return;
        }
        gathering = true;
        waitingSinceNanos = now;
        DownstreamConnection downstream = exchange.downstream();
        if (asksForBody) {
            downstream.write(downstream.alloc().buffer(CONTINUE.length).writeBytes(CONTINUE));
            downstream.flush();
        }
        awaitBody(now);
        downstream.resumeBody();
    }

    /** Whether the body is still coming. */
    boolean isGathering() {
        return gathering;
    }

    /** Whether the request is on its way into a queue. */
    boolean isUnderWay() {
        return queue != null;
    }

    /** More of the body came, and is kept if it is not too long for that. */
    void bodyCame(KeptBody kept) {
        if (kept.isWhole()) {
            awaitBody(loop.now());
        } else {
            notStored();
        }
    }

    /** The body is whole. */
    void bodyEnded() {
        settle();
        store();
    }

    private void awaitBody(long now) {
        settleWait(now);
        loop.timers().schedule(this, now + exchange.bodyPatienceNanos());
    }

    @Override
    protected void expired(long now) {
        exchange.onClientTooSlow(now);
    }

    private void store() {
        Fallback.Queue into = requireNonNull(queue);
        byte[] body = exchange.keptContent();
        CompletionStage<Receipt> stored =
                body.length > into.maxEntryBytes() ? null : into.queue().tryAppend(request(body, into.route()));
        if (stored == null) {
            notStored();
            return;
        }
        int begun = number;
        stored.whenComplete((receipt, error) -> {
            try {
                loop.eventLoop().execute(() -> answered(begun, receipt, error));
            } catch (RejectedExecutionException e) {
                LOG.debug("stopped: nobody is there to be answered", e);
            }
        });
    }

    /** The disk has answered. A client that has left meanwhile does not change what was stored. */
    private void answered(int begun, @Nullable Receipt receipt, @Nullable Throwable error) {
        if (begun != number) {
            return;
        }
        if (receipt == null) {
            LOG.debug("not stored", error);
            notStored();
            return;
        }
        Fallback.Queue into = requireNonNull(queue);
        stop();
        exchange.onStored(into, receipt);
    }

    private void notStored() {
        stop();
        exchange.onNotStored(loop.now());
    }

    /** The exchange goes on without this, or ends. What was handed to the disk stays there. */
    void stop() {
        settle();
        queue = null;
        number++;
    }

    private void settle() {
        if (gathering) {
            gathering = false;
            loop.timers().cancel(this);
            settleWait(loop.now());
        }
    }

    /** The time that the client took for its body is not the backends'. */
    private void settleWait(long now) {
        exchange.clientWaited(now - waitingSinceNanos);
        waitingSinceNanos = now;
    }

    /** Returns the request as it would go upstream, but for the rewriting of its path, which is done when it goes. */
    private QueuedRequest request(byte[] body, String route) {
        RequestHead head = exchange.request();
        ByteBuf out = Unpooled.buffer(head.length());
        head.writeUpstream(out, exchange.downstream().forwarding(), exchange.ids(), 0, NO_BYTES, null);
        String[] lines = out.toString(ISO_8859_1).split("\r\n", 0);
        List<Field> fields = new ArrayList<>(lines.length);
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            Field field = new Field(lines[i].substring(0, colon), trimmed(lines[i].substring(colon + 1)));
            // An HTTP/1.0 request may name no host; then the backend's is sent.
            if (!field.name().equalsIgnoreCase("Host") || !field.value().isEmpty()) {
                fields.add(field);
            }
        }
        String target = lines[0].substring(head.method().length() + 1, lines[0].lastIndexOf(' '));
        return QueuedRequest.of(route, head.method(), target, fields, body);
    }

    /** Without the spaces and tabs around it; of a byte that is no ASCII nobody knows what it means. */
    private static String trimmed(String value) {
        int start = 0;
        int end = value.length();
        while (start < end && isBlank(value.charAt(start))) {
            start++;
        }
        while (end > start && isBlank(value.charAt(end - 1))) {
            end--;
        }
        return value.substring(start, end);
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }
}
