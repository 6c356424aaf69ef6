package io.breakwater.bench.faults;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One replica behind the compared proxies, a process of its own so that it can be killed: an HTTP/1.1 server with a thread
 * per connection that misbehaves as it is told. Arguments are its port and the file of its {@link Tally}; a line on stdin
 * names the {@link Fault} that holds from now on, and comes back on stdout once it does. It ends with its stdin.
 */
public final class Replica {

    /** How it misbehaves. Unless said otherwise a health check is answered well: only the application is broken. */
    private enum Fault {
        /** Answers. */
        NONE,
        /** Takes connections and requests, checks too, and never answers. */
        HANG,
        /** Answers 500. */
        ERROR,
        /** Resets what is connected, and each later connection on its first request or check. */
        RESET,
        /** Closes its port and its connections. */
        REFUSE,
        /** Closes its port; its connections have one more answer each, which says that it is their last. */
        RETIRE,
        /** Sends half of a head and then nothing. */
        STALL,
        /** Sends the head and half of the body, and closes. */
        CUT,
        /** Answers late. */
        SLOW;

        boolean portClosed() {
            return this == REFUSE || this == RETIRE;
        }

        boolean dropsConnections() {
            return this == RESET || this == REFUSE;
        }

        boolean unanswered() {
            return this == HANG || this == STALL || this == RESET || this == REFUSE;
        }

        boolean hitsChecks() {
            return this == HANG || this == RESET || portClosed();
        }
    }

    private static final int BACKLOG = 1024;
    /** How late a slow answer is; {@code -Dslow.millis} says otherwise. */
    private static final int SLOW_MILLIS = Integer.getInteger("slow.millis", 2000);

    /** What a request takes when all is well, so that some are under way whenever a fault strikes. */
    private static final int SERVICE_MILLIS = 5;

    private final int port;
    private final Tally tally;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private volatile Fault fault = Fault.NONE;
    private ServerSocket listener;

    private Replica(int port, Tally tally, ServerSocket listener) {
        this.port = port;
        this.tally = tally;
        this.listener = listener;
    }

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(arguments[0]);
        Replica replica = new Replica(port, new Tally(Path.of(arguments[1])), listen(port));
        replica.accept(replica.listener);
        System.out.println("ready");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            replica.become(Fault.valueOf(line.toUpperCase(Locale.ROOT)));
            System.out.println(line);
        }
        System.exit(0);
    }

    private static ServerSocket listen(int port) throws IOException {
        return new ServerSocket(port, BACKLOG, InetAddress.getLoopbackAddress());
    }

    private void become(Fault next) throws IOException {
        fault = next;
        if (next.portClosed()) {
            listener.close();
        } else if (listener.isClosed()) {
            listener = listen(port);
            accept(listener);
        }
        if (next.dropsConnections()) {
            for (Socket connection : connections) {
                drop(connection);
            }
        }
    }

    private void drop(Socket connection) {
        try {
            connection.setSoLinger(fault == Fault.RESET, 0);
            connection.close();
        } catch (IOException alreadyClosed) {
            // By its peer or by its own thread, which is as good.
        }
    }

    private void accept(ServerSocket from) {
        daemon(() -> {
            try {
                while (true) {
                    Socket connection = from.accept();
                    connections.add(connection);
                    daemon(() -> serve(connection));
                }
            } catch (IOException portClosed) {
                // The fault says so.
            }
        });
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(null, work, "replica", 1 << 18);
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(connection.getInputStream());
            boolean kept = true;
            while (kept) {
                int first = in.read();
                kept = first >= 0 && answer(Numbered.head(first, in), connection, in);
            }
            if (fault == Fault.RESET) {
                drop(connection);
            }
        } catch (IOException gone) {
            // A proxy that has waited long enough, or a fault that drops connections.
        } finally {
            connections.remove(connection);
        }
    }

    /** Answers one request or check, or not, and says whether the connection is kept. */
    private boolean answer(String head, Socket connection, InputStream in) throws IOException {
        Fault now = fault;
        if (head.startsWith("GET /health ")) {
            return respond(now.hitsChecks() ? now : Fault.NONE, 200, new byte[0], connection, in, () -> {});
        }
        int number = Integer.parseInt(Numbered.field(head, Numbered.FIELD));
        tally.begun(number, now != Fault.NONE);
        Once ended = new Once(tally::ended);
        try {
            String length = Numbered.field(head, "Content-Length");
            byte[] received = in.readNBytes(length.isEmpty() ? 0 : Integer.parseInt(length));
            byte[] body = Numbered.body(number);
            boolean intact = received.length == 0 ? head.startsWith("GET ") : Arrays.equals(received, body);
            if (!now.unanswered() && left(connection, in, now == Fault.SLOW ? SLOW_MILLIS : SERVICE_MILLIS)) {
                return false;
            }
            return respond(now, intact ? 200 : 400, body, connection, in, ended);
        } finally {
            ended.run();
        }
    }

    /** Runs {@code ended} before the last byte goes out, for the next request may follow at once on another connection. */
    private static boolean respond(
            Fault fault, int status, byte[] body, Socket connection, InputStream in, Runnable ended)
            throws IOException {
        byte[] head = head(fault == Fault.ERROR ? 500 : status, body.length, fault == Fault.RETIRE);
        OutputStream out = connection.getOutputStream();
        switch (fault) {
            case RESET, REFUSE -> {
                return false;
            }
            case HANG -> {
                return !left(connection, in, 0);
            }
            case STALL -> {
                out.write(head, 0, head.length / 2);
                return !left(connection, in, 0);
            }
            case CUT -> {
                byte[] all = concatenated(head, body);
                ended.run();
                out.write(all, 0, head.length + body.length / 2);
                return false;
            }
            case NONE, ERROR, RETIRE, SLOW -> {}
        }
        ended.run();
        out.write(concatenated(head, body));
        return fault != Fault.RETIRE;
    }

    /** Waits, for ever with 0, and says whether the peer has closed meanwhile. */
    private static boolean left(Socket connection, InputStream in, int millis) throws IOException {
        connection.setSoTimeout(millis);
        try {
            while (in.read() >= 0) {
                // More of what will not be answered.
            }
            return true;
        } catch (SocketTimeoutException waited) {
            return false;
        } finally {
            connection.setSoTimeout(0);
        }
    }

    private static byte[] head(int status, int length, boolean last) {
        return ("HTTP/1.1 " + status + " Told\r\nContent-Type: text/plain\r\nContent-Length: " + length + "\r\n"
                        + (last ? "Connection: close\r\n" : "") + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] concatenated(byte[] head, byte[] body) {
        byte[] all = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        return all;
    }

    /** Runs something the first time only. One thread. */
    private static final class Once implements Runnable {
        private final Runnable action;
        private boolean done;

        Once(Runnable action) {
            this.action = action;
        }

        @Override
        public void run() {
            if (!done) {
                done = true;
                action.run();
            }
        }
    }
}
