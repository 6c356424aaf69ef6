package io.breakwater.server.fallback.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The records of the log, as they are stored: a request, a vain attempt at it, its end. */
final class Records {
    static final byte REQUEST = 1;
    static final byte ATTEMPT = 2;
    static final byte END = 3;

    static final int ID_BYTES = 16;

    /** What an end takes. */
    static final int END_BYTES = Segment.RECORD_HEADER + 3 * Long.BYTES + ID_BYTES + 2 * Integer.BYTES + 1;

    private static final Base64.Encoder ID_ENCODER = Base64.getUrlEncoder().withoutPadding();

    /** What identifies a request; the first part of its record and of that of its end. */
    record Key(long sequence, long receivedMillis, String id) {}

    private Records() {}

    /** Returns the text of an id of {@value #ID_BYTES} bytes. */
    static String id(byte[] bytes) {
        return ID_ENCODER.encodeToString(bytes);
    }

    /** Returns what the record of a request takes, in bytes. */
    static long size(QueuedRequest request) {
        long size = Segment.RECORD_HEADER + 2 * Long.BYTES + ID_BYTES;
        size += Integer.BYTES + request.route().getBytes(UTF_8).length;
        size += Bytes.size(request.method()) + Bytes.size(request.target());
        size += Integer.BYTES;
        for (Field each : request.fields()) {
            size += Bytes.size(each.name()) + Bytes.size(each.value());
        }
        return size + Bytes.size(request.idempotencyKey()) + Integer.BYTES + request.body().length;
    }

    /**
     * @param size as {@link #size} says
     */
    static byte[] request(Key key, QueuedRequest request, int size) {
        byte[] bytes = new byte[size];
        ByteBuffer record = payload(bytes);
        put(record, key);
        byte[] route = request.route().getBytes(UTF_8);
        record.putInt(route.length).put(route);
        Bytes.put(record, request.method());
        Bytes.put(record, request.target());
        record.putInt(request.fields().size());
        for (Field each : request.fields()) {
            Bytes.put(record, each.name());
            Bytes.put(record, each.value());
        }
        Bytes.put(record, request.idempotencyKey());
        record.putInt(request.body().length).put(request.body());
        return bytes;
    }

    /** Reads what stands behind the key in the record of a request. */
    static QueuedRequest request(ByteBuffer record) {
        String route = new String(Bytes.getArray(record), UTF_8);
        String method = Bytes.get(record);
        String target = Bytes.get(record);
        int count = record.getInt();
        List<Field> fields = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            fields.add(new Field(Bytes.get(record), Bytes.get(record)));
        }
        String idempotencyKey = Bytes.get(record);
        return new QueuedRequest(route, method, target, fields, Bytes.getArray(record), idempotencyKey);
    }

    static byte[] attempt(long sequence, int attempts) {
        byte[] bytes = new byte[Segment.RECORD_HEADER + Long.BYTES + Integer.BYTES];
        payload(bytes).putLong(sequence).putInt(attempts);
        return bytes;
    }

    static byte[] end(Key key, Entry.Progress end) {
        byte[] bytes = new byte[END_BYTES];
        ByteBuffer record = payload(bytes);
        put(record, key);
        record.putLong(end.endedMillis())
                .putInt(end.attempts())
                .putInt(end.status())
                .put(end.state().code());
        return bytes;
    }

    /** Leaves room for what the segment puts before each record. */
    private static ByteBuffer payload(byte[] record) {
        return ByteBuffer.wrap(record).position(Segment.RECORD_HEADER);
    }

    /** Reads what stands behind the key in the record of an end. */
    static Entry.Progress end(ByteBuffer record) {
        long endedMillis = record.getLong();
        int attempts = record.getInt();
        int status = record.getInt();
        return new Entry.Progress(QueueState.ofCode(record.get()), attempts, status, endedMillis);
    }

    private static void put(ByteBuffer record, Key key) {
        record.putLong(key.sequence()).putLong(key.receivedMillis());
        record.put(Base64.getUrlDecoder().decode(key.id()));
    }

    static Key key(ByteBuffer record) {
        long sequence = record.getLong();
        long receivedMillis = record.getLong();
        byte[] id = new byte[ID_BYTES];
        record.get(id);
        return new Key(sequence, receivedMillis, id(id));
    }
}
