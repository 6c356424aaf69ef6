package io.breakwater.server.accesslog;

/** How characters are put into a line so that no reader breaks it elsewhere. */
enum Text {
    /** What stands in a JSON string (RFC 8259 section 7), in ASCII. */
    JSON {
        @Override
        void put(char c, Ring line) {
            if (c == '"' || c == '\\') {
                line.put('\\');
                line.put(c);
            } else if (c >= ' ' && c < 0x7f) {
                line.put(c);
            } else {
                line.put('\\');
                line.put('u');
                hex(c >> 8, line);
                hex(c, line);
            }
        }
    },

    /** What stands between quotes in the combined format: all that is not plain is {@code \xXX}, as nginx writes it. */
    COMBINED {
        @Override
        void put(char c, Ring line) {
            if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
                line.put(c);
            } else {
                line.put('\\');
                line.put('x');
                hex(c, line);
            }
        }
    };

    private static final String HEX = "0123456789ABCDEF";

    abstract void put(char c, Ring line);

    final void put(CharSequence text, Ring line) {
        put(text, 0, text.length(), line);
    }

    /** Puts the characters in [from, to). */
    final void put(CharSequence text, int from, int to, Ring line) {
        for (int i = from; i < to; i++) {
            put(text.charAt(i), line);
        }
    }

    private static void hex(int lowByte, Ring line) {
        line.put(HEX.charAt(lowByte >> 4 & 0xf));
        line.put(HEX.charAt(lowByte & 0xf));
    }
}
