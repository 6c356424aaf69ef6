package io.breakwater.server.cli;

/** Lines for a shell that change what a demo replica does. */
final class Curl {

    private Curl() {}

    static String breakReplica(String url) {
        return fault(url, "error");
    }

    static String mendReplica(String url) {
        return fault(url, "ok");
    }

    private static String fault(String url, String mode) {
        return "curl -X PUT " + url + "/faults -d '{\"mode\":\"" + mode + "\"}'";
    }
}
