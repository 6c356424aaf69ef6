package io.breakwater.server.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code balance} of a pool: in which order its backends are asked.
 *
 * @param hashKey what is hashed; set if and only if the policy is {@link Policy#HASH}
 */
public record BalanceConfig(Policy policy, @Nullable HashKey hashKey) {

    public BalanceConfig {
        if ((policy == Policy.HASH) != (hashKey != null)) {
            throw new IllegalArgumentException("a hash key goes with the policy hash, and with no other");
        }
    }

    /**
     * A policy that needs nothing but its name.
     *
     * @throws InvalidValue with the rule that the name breaks
     */
    static BalanceConfig ofName(String name) {
        List<String> names = new ArrayList<>();
        for (Policy policy : Policy.values()) {
            if (policy != Policy.HASH && policy.text().equals(name)) {
                return new BalanceConfig(policy, null);
            }
            names.add(policy.text());
        }
        names.remove(Policy.HASH.text());
        throw new InvalidValue(
                String.join(", ", names) + ", or { hash = KEY } with KEY " + HashKey.RULE + Nearest.hint(name, names));
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

        static final String RULE = "header:NAME, cookie:NAME, client-ip or path";

        /** @throws InvalidValue with the rule that the text breaks */
        static HashKey parse(String text) {
            int colon = text.indexOf(':');
            String name = text.substring(colon + 1);
            return switch (colon < 0 ? text : text.substring(0, colon + 1)) {
                case "client-ip" -> new HashKey(HashSource.CLIENT_IP, "");
                case "path" -> new HashKey(HashSource.PATH, "");
                case "header:" -> new HashKey(HashSource.HEADER, checkedName(name));
                case "cookie:" -> new HashKey(HashSource.COOKIE, checkedName(name));
                default -> throw new InvalidValue(RULE);
            };
        }

        private static String checkedName(String name) {
            if (!HttpText.isToken(name)) {
                throw new InvalidValue(RULE + "; NAME is a token, such as X-User");
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
