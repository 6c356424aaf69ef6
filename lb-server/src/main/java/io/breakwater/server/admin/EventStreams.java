package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.breakwater.server.events.EventFeed;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.concurrent.EventExecutor;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everybody who reads the events as a stream (server-sent events, WHATWG HTML section 9.2). Each event is written as JSON
 * once, and only while somebody reads; what is kept of them is all that a slow reader can be behind. Belongs to the
 * event loop of the admin port.
 */
final class EventStreams {
    static final int MOST_CLIENTS = 16;
    static final String TYPE = "text/event-stream";
    static final String LAST_EVENT_ID = "Last-Event-ID";

    private static final Logger LOG = LoggerFactory.getLogger(EventStreams.class);

    private final EventFeed feed;
    private final Set<EventStream> streams = new LinkedHashSet<>();
    private final AtomicBoolean woken = new AtomicBoolean();
    /** By their numbers, without gaps. */
    private final NavigableMap<Long, Frame> frames = new TreeMap<>();

    /** The number of the latest event in them, or before the first one. */
    private long taken;

    EventStreams(EventFeed feed) {
        this.feed = feed;
    }

    /** An event as a stream has it. */
    @SuppressWarnings("ArrayRecordComponent") // written by many, changed by nobody
    record Frame(long id, byte[] bytes) {}

    /**
     * Sends what happens from now on to those who read it, on their event loop. From any thread.
     *
     * @return what ends that
     */
    Runnable start(EventExecutor loop) {
        return feed.onEvent(() -> {
            if (woken.compareAndSet(false, true)) {
                wake(loop);
            }
        });
    }

    private void wake(EventExecutor loop) {
        try {
            loop.execute(this::wake);
        } catch (RejectedExecutionException e) {
            LOG.debug("the admin port was closed meanwhile", e);
        }
    }

    private void wake() {
        woken.set(false); // an event from here on wakes again
        if (streams.isEmpty()) {
            return;
        }
        takeIn();
        List.copyOf(streams).forEach(EventStream::send);
    }

    /** Answers who wants to read. */
    Answer answer(HttpRequest request) {
        if (streams.size() >= MOST_CLIENTS) {
            return Answer.error(HttpResponseStatus.SERVICE_UNAVAILABLE, "too many event streams");
        }
        Answer answer = Answer.ok(TYPE, new byte[0]);
        if (request.protocolVersion().isKeepAliveDefault()) {
            // Who speaks HTTP/1.0 knows no chunks: the end of the connection is the end of the stream.
            answer = answer.with(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED.toString());
        }
        return request.method().equals(HttpMethod.HEAD)
                ? answer
                : answer.with(new EventStream(this, request.headers().get(LAST_EVENT_ID)));
    }

    void add(EventStream stream) {
        streams.add(stream);
        takeIn();
    }

    void remove(EventStream stream) {
        if (streams.remove(stream) && streams.isEmpty()) {
            frames.clear();
            taken = 0;
        }
    }

    private void takeIn() {
        long latest = feed.latest(); // read first: nothing that comes meanwhile is passed over
        for (EventFeed.Entry entry : feed.after(taken)) {
            if (entry.id() != taken + 1) {
                frames.clear(); // this loop was held up for so long that the feed has forgotten what came between
            } else if (frames.size() == EventFeed.EVENTS_KEPT) {
                frames.pollFirstEntry();
            }
            taken = entry.id();
            frames.put(taken, frame(entry));
        }
        if (frames.isEmpty()) {
            taken = latest;
        }
    }

    private Frame frame(EventFeed.Entry entry) {
        String head = "event: " + EventJson.name(entry.event()) + "\nid: " + entry.id() + "\ndata: ";
        return new Frame(
                entry.id(), (head + new String(EventJson.event(entry.event()), UTF_8) + "\n\n").getBytes(UTF_8));
    }

    /** Returns the number of the latest event that was taken in. */
    long latest() {
        return taken;
    }

    /** Returns the number behind which none that was taken in is missing. */
    long oldest() {
        return frames.isEmpty() ? taken : frames.firstKey() - 1;
    }

    /** Returns the first event behind this number; null if there is none yet. */
    @Nullable
    Frame after(long id) {
        Map.Entry<Long, Frame> next = frames.higherEntry(id);
        return next == null ? null : next.getValue();
    }

    /** Ends all streams in good order. On the loop. */
    void end() {
        List.copyOf(streams).forEach(EventStream::end);
    }
}
