package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.BackendId;
import io.breakwater.server.events.AdminEvent;
import io.breakwater.server.events.EventFeed;
import io.breakwater.server.events.Incident;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What happens in the very moment in which a stream begins. */
class EventStreamStartTest {
    private static final EventFeed.Entry NEXT = new EventFeed.Entry(
            11, new AdminEvent(FakeStatus.NOON, new BackendId("default", "a:1"), "drain", "enabled", "draining"));

    /** An event is told right after the first look at it. */
    private static final class Told implements EventFeed {
        private boolean looked;
        private Runnable listener = () -> {};

        @Override
        public long latest() {
            return looked ? 11 : 10;
        }

        @Override
        public List<Entry> after(long id) {
            List<Entry> seen = looked && id < 11 ? List.of(NEXT) : List.of();
            looked = true;
            return seen;
        }

        @Override
        public Runnable onEvent(Runnable told) {
            listener = told;
            return () -> {};
        }

        @Override
        public List<Incident> incidents() {
            return List.of();
        }
    }

    @Test
    void anEventOfThatMomentIsNeitherLostNorAReasonToCut() {
        Told feed = new Told();
        EventStreams streams = new EventStreams(feed);
        EmbeddedChannel channel = new EmbeddedChannel();
        streams.start(channel.eventLoop());

        channel.pipeline().addLast(new EventStream(streams, null));
        assertThat(channel.isOpen()).isTrue();
        assertThat(sent(channel)).isEqualTo("retry: 2000\nid: 10\n\n");

        feed.listener.run();
        channel.runPendingTasks();
        assertThat(sent(channel)).startsWith("event: admin\nid: 11\ndata: {");
        channel.finishAndReleaseAll();
    }

    private static String sent(EmbeddedChannel channel) {
        StringBuilder all = new StringBuilder();
        for (HttpContent part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            all.append(part.content().toString(UTF_8));
            part.release();
        }
        return all.toString();
    }
}
