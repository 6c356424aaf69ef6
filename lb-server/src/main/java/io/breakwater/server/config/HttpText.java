package io.breakwater.server.config;

/** The few grammar rules of HTTP that configuration values must follow. */
final class HttpText {

    static final String PATH_RULE =
            "a path that starts with \"/\", without query, fragment, spaces, \"\\\" or dot segments";

    private static final String TOKEN_SYMBOLS = "!#$%&'*+-.^_`|~";
    private static final String PATH_SYMBOLS = "/-._~!$&'()*+,;=:@%";

    private HttpText() {}

    /** Tells whether the text is a token (RFC 9110, section 5.6.2), as methods and field names are. */
    static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> isAlphanumeric(c) || TOKEN_SYMBOLS.indexOf(c) >= 0);
    }

    /** Tells whether a request's path could be this text (RFC 3986, section 3.3), byte for byte. */
    static boolean isPath(String text) {
        if (!text.startsWith("/") || !text.chars().allMatch(c -> isAlphanumeric(c) || PATH_SYMBOLS.indexOf(c) >= 0)) {
            return false;
        }
        for (String segment : text.split("/", -1)) {
            if (segment.equals(".") || segment.equals("..")) {
                return false;
            }
        }
        return true;
    }

    /** Tells whether the text can stand in a field as it is (RFC 9110, section 5.5): visible ASCII, spaces inside. */
    static boolean isFieldValue(String text) {
        return text.equals(text.strip()) && text.chars().allMatch(c -> c >= ' ' && c < 0x7f);
    }

    static boolean isAlphanumeric(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
}
