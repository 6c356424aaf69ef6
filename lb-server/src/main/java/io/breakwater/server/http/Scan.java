package io.breakwater.server.http;

/** What a scan of the received bytes found. */
public enum Scan {
    /** The head is not whole yet: call again when more bytes are there. */
    INCOMPLETE,
    /** The head is whole, and the view is valid. */
    COMPLETE,
    /** The bytes are refused: {@code error()} says why. */
    REFUSED
}
