package io.breakwater.server.accesslog;

import java.time.Instant;

/** How an entry becomes a line. NOT thread safe: of one event loop. */
interface LineFormat {

    /** Puts the line, with its end, into a ring where one was begun. */
    void write(Entry entry, Instant time, QueryMask mask, Ring line);
}
