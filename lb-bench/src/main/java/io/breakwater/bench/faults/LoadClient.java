package io.breakwater.bench.faults;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The clients before a compared proxy: kept connections, a thread for each, that send numbered requests at a steady pace
 * and check every byte of every answer. Nothing is sent twice. Arguments are port, method, connections, requests per
 * second over all of them (0: as fast as answers come) and how many requests to send at most. Commands on stdin:
 * {@code count} is answered with the requests begun so far, {@code fault} and {@code healed} begin that {@link Phase},
 * {@code stop} waits for the answers that are still due and prints the report as one line of JSON.
 */
public final class LoadClient {

    /** What a request falls into. One that is under way when the fault strikes belongs to the fault. */
    private enum Phase {
        BEFORE,
        FAULT,
        HEALED
    }

    private static final String GOOD = "good";
    private static final int PATIENCE_MILLIS = 10_000;
    private static final int EXAMPLES = 8;

    /** Requests that take longer are counted as having waited. */
    private static final long NOTICED_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final InetSocketAddress proxy;
    private final String method;
    private final int connections;
    private final long nanosBetween;
    private final int most;
    private final long began = System.nanoTime();
    private final AtomicInteger begun = new AtomicInteger();
    private volatile Phase phase = Phase.BEFORE;
    private volatile boolean stopped;

    private LoadClient(int port, String method, int connections, int perSecond, int most) {
        this.proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.method = method;
        this.connections = connections;
        this.nanosBetween = perSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) * connections / perSecond;
        this.most = most;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        new LoadClient(
                        Integer.parseInt(arguments[0]),
                        arguments[1],
                        Integer.parseInt(arguments[2]),
                        Integer.parseInt(arguments[3]),
                        Integer.parseInt(arguments[4]))
                .run();
    }

    private void run() throws IOException, InterruptedException {
        List<Connection> all = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            Connection connection = new Connection(began + nanosBetween * i / connections);
            connection.setDaemon(true);
            connection.start();
            all.add(connection);
        }
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        long struck = began;
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            switch (line) {
                case "count" -> System.out.println(Math.min(begun.get(), most));
                case "fault", "healed" -> {
                    phase = Phase.valueOf(line.toUpperCase(Locale.ROOT));
                    struck = phase == Phase.FAULT ? System.nanoTime() : struck;
                    System.out.println(line);
                }
                case "stop" -> {
                    stopped = true;
                    List<Result> results = new ArrayList<>();
                    for (Connection connection : all) {
                        connection.join();
                        results.addAll(connection.results);
                    }
                    System.out.println(report(results, struck - began));
                    return;
                }
                default -> throw new IOException(line + " (expected: count, fault, healed or stop)");
            }
        }
    }

    private static String report(List<Result> results, long struckNanos) {
        StringBuilder json = new StringBuilder("{");
        for (Phase each : Phase.values()) {
            long[] nanos = results.stream()
                    .filter(result -> result.phase == each)
                    .mapToLong(result -> result.nanos)
                    .sorted()
                    .toArray();
            Map<String, Integer> failures = new TreeMap<>();
            for (Result result : results) {
                if (result.phase == each && !result.outcome.equals(GOOD)) {
                    failures.merge(result.outcome, 1, Integer::sum);
                }
            }
            json.append("\"%s\":{\"requests\":%d,\"p50\":%d,\"p99\":%d,\"max\":%d,\"waited\":%d,\"failures\":{%s}},"
                    .formatted(
                            each,
                            nanos.length,
                            quantile(nanos, 0.5),
                            quantile(nanos, 0.99),
                            quantile(nanos, 1),
                            Arrays.stream(nanos)
                                    .filter(took -> took > NOTICED_NANOS)
                                    .count(),
                            String.join(
                                    ",",
                                    failures.entrySet().stream()
                                            .map(e -> "\"" + e.getKey() + "\":" + e.getValue())
                                            .toList())));
        }
        List<String> examples = results.stream()
                .filter(result -> !result.outcome.equals(GOOD))
                .sorted((a, b) -> Long.compare(a.startedNanos, b.startedNanos))
                .limit(EXAMPLES)
                .map(Result::toJson)
                .toList();
        return json.append("\"seconds\":[")
                .append(String.join(",", seconds(results, struckNanos)))
                .append("],\"examples\":[")
                .append(String.join(",", examples))
                .append("]}")
                .toString();
    }

    /** How the requests went that began in each second; the fault struck at the beginning of second 0. */
    private static List<String> seconds(List<Result> results, long struckNanos) {
        Map<Long, List<Result>> bySecond = new TreeMap<>();
        for (Result result : results) {
            long second = Math.floorDiv(result.startedNanos - struckNanos, TimeUnit.SECONDS.toNanos(1));
            bySecond.computeIfAbsent(second, none -> new ArrayList<>()).add(result);
        }
        List<String> seconds = new ArrayList<>();
        bySecond.forEach((second, begun) -> {
            long[] nanos = begun.stream().mapToLong(Result::nanos).sorted().toArray();
            seconds.add("{\"second\":%d,\"requests\":%d,\"failed\":%d,\"p50\":%d,\"p99\":%d}"
                    .formatted(
                            second,
                            nanos.length,
                            begun.stream()
                                    .filter(result -> !result.outcome.equals(GOOD))
                                    .count(),
                            quantile(nanos, 0.5),
                            quantile(nanos, 0.99)));
        });
        return seconds;
    }

    /** The nearest-rank quantile of what is sorted; 0 of nothing. */
    private static long quantile(long[] sorted, double part) {
        return sorted.length == 0 ? 0 : sorted[Math.max(0, (int) Math.ceil(part * sorted.length) - 1)];
    }

    /**
     * How one request went.
     *
     * @param startedNanos since the load began
     * @param nanos from its first byte, a new connection included, to the last of its answer
     */
    private record Result(int number, Phase phase, long startedNanos, long nanos, String outcome) {
        String toJson() {
            return "\"%s: request %d, begun at %.3f s, ended after %.3f s (%s)\""
                    .formatted(outcome, number, startedNanos / 1e9, nanos / 1e9, phase);
        }
    }

    /** An answer that is none of the request's business. */
    private static final class Bad extends IOException {
        Bad(String outcome) {
            super(outcome);
        }
    }

    /** One kept connection, opened again when it has been closed. */
    private final class Connection extends Thread {
        private final List<Result> results = new ArrayList<>();
        private long due;
        private Socket socket = new Socket();
        private Patience patience = new Patience(socket, InputStream.nullInputStream());
        private InputStream in = patience;
        private boolean open;
        private boolean answerBegun;

        Connection(long due) {
            this.due = due;
        }

        @Override
        public void run() {
            awaitTurn();
            while (!stopped) {
                int number = begun.getAndIncrement();
                if (number >= most) {
                    break;
                }
                Phase started = phase;
                long now = System.nanoTime();
                String outcome = outcome(number, now + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS));
                long nanos = System.nanoTime() - now;
                Phase ended = phase;
                Phase counted = started == Phase.BEFORE && ended != Phase.BEFORE ? Phase.FAULT : started;
                results.add(new Result(number, counted, now - began, nanos, outcome));
                awaitTurn();
            }
            close();
        }

        /** Keeps the pace, and does not make up for what a slow answer has cost of it. */
        private void awaitTurn() {
            for (long left = due - System.nanoTime(); left > 0 && !stopped; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            due = Math.max(due + nanosBetween, System.nanoTime() - nanosBetween);
        }

        private String outcome(int number, long deadline) {
            answerBegun = false;
            try {
                exchange(number, deadline);
                return GOOD;
            } catch (SocketTimeoutException e) {
                close();
                return "timeout";
            } catch (ConnectException e) {
                close();
                return "no connection";
            } catch (EOFException | SocketException e) {
                close();
                return answerBegun ? "cut" : "closed";
            } catch (Bad e) {
                return String.valueOf(e.getMessage());
            } catch (IOException | NumberFormatException e) {
                close();
                return "malformed";
            }
        }

        private void exchange(int number, long deadline) throws IOException {
            if (!open) {
                socket = new Socket();
                socket.setTcpNoDelay(true);
                socket.connect(proxy, PATIENCE_MILLIS);
                patience = new Patience(socket, socket.getInputStream());
                in = new BufferedInputStream(patience);
                open = true;
            }
            patience.endsAt(deadline);
            byte[] body = Numbered.body(number);
            socket.getOutputStream().write(request(number, body));
            int first = in.read();
            if (first < 0) {
                throw new EOFException("closed before the answer");
            }
            answerBegun = true;
            String head = Numbered.head(first, in);
            String length = Numbered.field(head, "Content-Length");
            boolean last =
                    length.isEmpty() || Numbered.field(head, "Connection").equalsIgnoreCase("close");
            byte[] answer = length.isEmpty() ? in.readAllBytes() : in.readNBytes(Integer.parseInt(length));
            if (!length.isEmpty() && answer.length < Integer.parseInt(length)) {
                throw new EOFException("closed inside the answer");
            }
            if (last) {
                close();
            }
            String status = head.split(" ", 3)[1];
            if (!status.equals("200")) {
                throw new Bad(status);
            }
            if (!Arrays.equals(answer, body)) {
                throw new Bad("mixed up");
            }
        }

        private byte[] request(int number, byte[] body) {
            boolean sends = method.equals("POST");
            byte[] head = (method + " /item HTTP/1.1\r\nHost: faults.example\r\n" + Numbered.FIELD + ": " + number
                            + (sends ? "\r\nContent-Length: " + body.length : "") + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII);
            byte[] all = Arrays.copyOf(head, head.length + (sends ? body.length : 0));
            System.arraycopy(body, 0, all, head.length, all.length - head.length);
            return all;
        }

        private void close() {
            open = false;
            try {
                socket.close();
            } catch (IOException e) {
                // It was to go anyway.
            }
        }
    }

    /** Reads from a socket until a moment, not, as its timeout alone would, for so long after each piece. */
    private static final class Patience extends InputStream {
        private final Socket socket;
        private final InputStream in;
        private long endNanos;

        Patience(Socket socket, InputStream in) {
            this.socket = socket;
            this.in = in;
        }

        void endsAt(long nanos) {
            endNanos = nanos;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            long left = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
            if (left <= 0) {
                throw new SocketTimeoutException("waited " + PATIENCE_MILLIS + " ms");
            }
            socket.setSoTimeout((int) left);
            return in.read(into, offset, length);
        }
    }
}
