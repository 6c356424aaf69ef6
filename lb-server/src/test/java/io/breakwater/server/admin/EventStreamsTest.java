package io.breakwater.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.BackendId;
import io.breakwater.server.config.AdminConfig;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.events.EventFeed;
import io.breakwater.server.events.Events;
import io.breakwater.server.fixtures.EventReader;
import io.breakwater.server.fixtures.Eventually;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Logged;
import io.breakwater.server.fixtures.RawClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Those who read the events of an admin port, over the wire. */
@Timeout(60)
class EventStreamsTest {
    private static final BackendId BACKEND = new BackendId("default", "a:1");
    private static final String GET = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private final Events events = FakeStatus.events();
    private final EventFeed feed = events.feed();
    private final long origin = feed.latest();
    private final List<AutoCloseable> toClose = new ArrayList<>();
    private final AdminServer server = server("127.0.0.1", "");

    private AdminServer server(String host, String token) {
        return new AdminServer(
                new AdminConfig(host, 0, true, token),
                new FakeStatus(),
                new FakeOperations(),
                null,
                () -> FakeStatus.NOON,
                feed);
    }

    @BeforeEach
    void start() throws IOException {
        events.start();
        server.start();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : toClose) {
            each.close();
        }
        server.close();
        events.close();
    }

    private EventReader reader(@Nullable String lastEventId) {
        EventReader reader = EventReader.open(server.port(), lastEventId);
        toClose.add(reader);
        return reader;
    }

    private EventReader reader() {
        EventReader reader = EventReader.open(server.port());
        toClose.add(reader);
        return reader;
    }

    private RawClient raw(String request) throws IOException {
        RawClient client = RawClient.connect(server.port());
        toClose.add(client);
        return client.send(request);
    }

    /** So many events happen, and all are in the feed. */
    private void happen(int count) {
        long before = feed.latest();
        for (int i = 1; i <= count; i++) {
            events.administered(BACKEND, "drain", "" + (before - origin + i), "");
        }
        Eventually.eventually(() -> assertThat(feed.latest()).isEqualTo(before + count));
    }

    private void assertReads(EventReader reader, long first, long last) {
        LongStream.rangeClosed(first, last).forEach(n -> {
            EventReader.Event next = reader.next();
            assertThat(next.id()).isEqualTo(origin + n);
            assertThat(next.name()).isEqualTo("admin");
            assertThat(next.json().getString("from")).isEqualTo("" + n);
        });
    }

    @Test
    void theHeadSaysWhatItIsAndThatNobodyKeepsIt() {
        EventReader reader = reader();

        assertThat(reader.status()).isEqualTo(200);
        assertThat(reader.field("content-type")).isEqualTo("text/event-stream");
        assertThat(reader.field("cache-control")).isEqualTo("no-store");
        assertThat(reader.field("content-length")).isNull();
        assertThat(reader.field("x-content-type-options")).isEqualTo("nosniff");
        assertThat(reader.field("date")).isEqualTo("Thu, 01 Jan 2026 12:00:00 GMT");
    }

    @Test
    void whatHappensIsReadByEverybodyInOrder() {
        happen(3);
        EventReader one = reader();
        EventReader other = reader();
        happen(20);

        assertReads(one, 4, 23);
        assertReads(other, 4, 23);
    }

    @Test
    void aReaderThatComesBackGetsWhatItHasMissed() {
        happen(5);
        EventReader reader = reader("" + (origin + 2));
        assertThat(reader.start()).isEqualTo(origin + 2);

        assertReads(reader, 3, 5);
        happen(1);
        assertReads(reader, 6, 6);
    }

    @Test
    void aReaderThatIsUpToDateGetsWhatIsNew() {
        happen(2);
        EventReader reader = reader("" + (origin + 2));
        reader.start();
        happen(1);

        assertReads(reader, 3, 3);
    }

    @Test
    void aReaderThatHasMissedMoreThanIsKeptIsToldSoFirst() {
        happen(EventFeed.EVENTS_KEPT + 2);
        EventReader enough = reader("" + (origin + 2));
        enough.start();
        assertReads(enough, 3, 4);

        EventReader reader = reader("" + (origin + 1));
        reader.start();
        assertThat(reader.next()).isEqualTo(new EventReader.Event("reset", null, "{}"));
        assertReads(reader, 3, EventFeed.EVENTS_KEPT + 2L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "-1", "9223372036854775807", "x", "99999999999999999999"})
    void aNumberThatIsNoneOfThisRunIsAnsweredWithAResetToo(String id) {
        happen(1);
        EventReader reader = reader(id);
        reader.start();

        assertThat(reader.next().name()).isEqualTo("reset");
        assertReads(reader, 1, 1);
    }

    @Test
    void whoLeavesBeforeTheFirstEventKnowsWhereItWas() {
        happen(2);
        long id;
        try (EventReader reader = EventReader.open(server.port(), null)) {
            id = reader.start();
        }
        happen(1);
        EventReader back = reader("" + id);
        back.start();

        assertReads(back, 3, 3);
    }

    @Test
    void theSeventeenthIsRefusedUntilAnotherLeaves() throws IOException {
        List<EventReader> readers = new ArrayList<>();
        for (int i = 0; i < EventStreams.MOST_CLIENTS; i++) {
            readers.add(reader());
        }
        EventReader refused = reader(null);
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.field("content-type")).isEqualTo("application/json");
        assertThat(refused.rest()).isEqualTo("{\"error\": \"too many event streams\"}");

        readers.get(3).close();

        Eventually.eventually(() -> assertThat(reader(null).status()).isEqualTo(200));
        happen(1);
        assertReads(readers.get(15), 1, 1);
    }

    @Test
    void headIsTheHeadOfGetAndTheConnectionGoesOn() throws IOException {
        RawClient client = raw("HEAD /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
        HttpMessage head = client.readBodyless();
        client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");

        assertThat(head.status()).isEqualTo(200);
        assertThat(head.field("content-type")).isEqualTo("text/event-stream");
        assertThat(head.field("transfer-encoding")).isEqualTo("chunked");
        assertThat(head.has("content-length")).isFalse();
        assertThat(client.read().text()).isEqualTo("{\"status\":\"live\"}");
    }

    @Test
    void whoKnowsNoChunksReadsToTheEndOfTheConnection() throws IOException {
        RawClient client = raw("GET /api/v1/events HTTP/1.0\r\nHost: localhost\r\n\r\n");
        reader(); // is served after it
        server.close();
        HttpMessage response = client.read();

        assertThat(response.field("connection")).isEqualTo("close");
        assertThat(response.has("transfer-encoding")).isFalse();
        assertThat(response.text()).isEqualTo("retry: 2000\nid: " + origin + "\n\n");
    }

    @Test
    void whoAsksForMoreOnTheConnectionOfAStreamIsCutAndItsPlaceIsFree() throws IOException {
        for (int i = 0; i < EventStreams.MOST_CLIENTS; i++) {
            RawClient client = raw(GET);
            client.readHead();
            client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
            client.readEnd();
        }

        Eventually.eventually(() -> assertThat(reader(null).status()).isEqualTo(200));
    }

    @Test
    void oneThatDoesNotReadIsCutAndOthersAreNot() throws IOException {
        try (Logged log = Logged.by(EventStream.class.getName());
                RawClient slow = RawClient.connect(server.port(), 16 * 1024)) {
            slow.send(GET).readHead();
            EventReader fast = reader();
            ReloadResult large = new ReloadResult.Refused(List.of("x".repeat(100_000)));

            // The kernel takes in a few megabytes, and 256 events are kept for the slow one.
            for (int i = 0; i < 1_000 && log.lines().isEmpty(); i++) {
                events.reloaded(large);
                assertThat(fast.next().name()).isEqualTo("reload");
            }

            assertThat(log.lines()).hasSize(1);
            assertThat(log.lines().get(0))
                    .startsWith("INFO event stream to /127.0.0.1:" + slow.localPort())
                    .endsWith(" is cut: it reads too slowly");
            assertThat(feed.latest() - origin).isGreaterThan(EventFeed.EVENTS_KEPT);
            slow.readEnd();
            events.reloaded(large);
            assertThat(fast.next().name()).isEqualTo("reload");
        }
    }

    @Test
    void oneThatReadsLateButInTimeGetsEverything() {
        EventReader late = reader();
        ReloadResult large = new ReloadResult.Refused(List.of("x".repeat(100_000)));
        for (int i = 0; i < EventFeed.EVENTS_KEPT; i++) {
            events.reloaded(large);
        }
        Eventually.eventually(() -> assertThat(feed.latest()).isEqualTo(origin + EventFeed.EVENTS_KEPT));

        for (int i = 1; i <= EventFeed.EVENTS_KEPT; i++) {
            assertThat(late.next().id()).isEqualTo(origin + i);
        }
    }

    @Test
    void theEndOfTheServerIsTheEndOfTheStreamsInGoodOrder() throws IOException {
        RawClient client = raw(GET);
        EventReader after = reader();
        happen(1);
        assertReads(after, 1, 1);
        server.close();
        HttpMessage response = client.read();

        assertThat(response.complete()).isTrue();
        assertThat(response.text())
                .isEqualTo("retry: 2000\nid: " + origin + "\n\nevent: admin\nid: " + (origin + 1)
                        + "\ndata: {\"at\":\"2026-01-01T12:00:00.000Z\",\"pool\":\"default\",\"backend\":\"a:1\","
                        + "\"action\":\"drain\",\"from\":\"1\",\"to\":\"\"}\n\n");
    }

    @Test
    void aPortThatOthersReachWantsTheToken() throws IOException {
        AdminServer open = server("0.0.0.0", "s3cret");
        toClose.add(open);
        open.start();

        try (RawClient without = RawClient.connect(open.port());
                RawClient with = RawClient.connect(open.port())) {
            assertThat(without.send(GET).read().status()).isEqualTo(401);
            with.send(GET.replace("\r\n\r\n", "\r\nAuthorization: Bearer s3cret\r\n\r\n"));
            assertThat(with.readHead().status()).isEqualTo(200);
        }
    }

    @Test
    void aForeignHostIs403() throws IOException {
        assertThat(raw(GET.replace("localhost", "evil.example")).read().status())
                .isEqualTo(403);
    }
}
