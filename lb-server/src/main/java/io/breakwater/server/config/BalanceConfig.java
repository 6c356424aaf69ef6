package io.breakwater.server.config;

import org.jspecify.annotations.Nullable;

/**
 * {@code balance} of a pool: in which order its backends are asked.
 *
 * @param hashKey what is hashed; set if and only if the policy is {@link Policy#HASH}
 */
public record BalanceConfig(Policy policy, @Nullable HashKey hashKey) {

    static final String HASH_RULE = "header:NAME, cookie:NAME, client-ip or path";

    public BalanceConfig {
        if ((policy == Policy.HASH) != (hashKey != null)) {
            throw new IllegalArgumentException("a hash key goes with the policy hash, and with no other");
        }
    }

    /** As the configuration writes it: {@code least-request}, or {@code hash header:X-User}. */
    public String text() {
        return hashKey == null ? policy.text() : policy.text() + " " + hashKey.text();
    }

    public enum Policy implements Choice {
        ROUND_ROBIN,
        LEAST_REQUEST,
        PEAK_EWMA,
        RANDOM,
        /** Consistent hashing with bounded loads; written as an object, {@code { hash = KEY }}. */
        HASH
    }

    /** The part of a request that says which requests belong together. */
    public enum HashSource {
        HEADER,
        COOKIE,
        CLIENT_IP,
        PATH
    }

    /**
     * What is hashed.
     *
     * @param name of the header (case-insensitive) or the cookie; empty for the others
     */
    public record HashKey(HashSource source, String name) {

        /** @throws InvalidValue with the rule that the text breaks */
        static HashKey parse(String text) {
            int colon = text.indexOf(':');
            String name = text.substring(colon + 1);
            return switch (colon < 0 ? text : text.substring(0, colon + 1)) {
                case "client-ip" -> new HashKey(HashSource.CLIENT_IP, "");
                case "path" -> new HashKey(HashSource.PATH, "");
                case "header:" -> new HashKey(HashSource.HEADER, checkedName(name));
                case "cookie:" -> new HashKey(HashSource.COOKIE, checkedName(name));
                default -> throw new InvalidValue(HASH_RULE);
            };
        }

        private static String checkedName(String name) {
            if (!HttpText.isToken(name)) {
                throw new InvalidValue(HASH_RULE + "; NAME is a token of letters, digits and !#$%&'*+-.^_`|~");
            }
            return name;
        }

        /** As the configuration writes it. */
        public String text() {
            return switch (source) {
                case HEADER -> "header:" + name;
                case COOKIE -> "cookie:" + name;
                case CLIENT_IP -> "client-ip";
                case PATH -> "path";
            };
        }
    }
}
