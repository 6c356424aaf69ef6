package io.breakwater.server.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueFactory;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Pattern;

/** Durations, sizes and ratios as text, in HOCON's units. */
public final class Units {

    private static final String[] SIZES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    /** No size needs one, and the library would write out all those digits. */
    private static final Pattern LONG_EXPONENT = Pattern.compile("[eE][+-]?\\d{3}");

    private Units() {}

    /**
     * Reads a number with its unit, such as {@code 5s}. A bare number would be milliseconds, which is rarely what its
     * writer meant, so it is refused.
     *
     * @throws IllegalArgumentException with the rule that the text breaks
     */
    public static Duration parseDuration(String text) {
        try {
            if (!text.isEmpty() && Character.isLetter(text.charAt(text.length() - 1))) {
                return ConfigValueFactory.fromAnyRef(text).atKey("time").getDuration("time");
            }
        } catch (ConfigException | ArithmeticException notADuration) {
            // Refused below, as what has no unit is.
        }
        throw new InvalidValue("a duration with its unit, such as 5s or 250ms");
    }

    /**
     * Reads a number of bytes, or a number with its unit, such as {@code 8KiB}.
     *
     * @throws IllegalArgumentException with the rule that the text breaks
     */
    static long parseSize(String text) {
        try {
            if (!LONG_EXPONENT.matcher(text).find()) {
                return ConfigValueFactory.fromAnyRef(text).atKey("size").getBytes("size");
            }
        } catch (ConfigException notASize) {
            // Refused below, as what has too many digits is.
        }
        throw new InvalidValue("a size such as 8KiB");
    }

    /**
     * Reads a part of a whole, {@code 0.2} or {@code 20%}.
     *
     * @throws IllegalArgumentException with the rule that the text breaks
     */
    static double parseRatio(String text) {
        boolean percent = text.endsWith("%");
        String number = percent ? text.substring(0, text.length() - 1) : text;
        try {
            // By decimal arithmetic, so that 7% is the same as 0.07.
            BigDecimal value = new BigDecimal(number);
            double ratio = (percent ? value.movePointLeft(2) : value).doubleValue();
            if (ratio >= 0 && ratio <= 1) {
                return ratio;
            }
        } catch (NumberFormatException notANumber) {
            // Refused below, as what is out of range is.
        }
        throw new InvalidValue("a ratio from 0 to 1, or 0% to 100%");
    }

    /** As short as it can be, {@code 1.5}. */
    static String number(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    /** As a percentage, {@code 20%}. */
    public static String ratio(double value) {
        return BigDecimal.valueOf(value).movePointRight(2).stripTrailingZeros().toPlainString() + "%";
    }

    /** In the largest unit that keeps it whole: {@code 90s}, {@code 1500ms}, {@code 2h}. */
    public static String duration(Duration value) {
        if (value.isZero()) {
            return "0s";
        }
        if (value.getNano() % 1_000_000 != 0) {
            return value.toNanos() + "ns";
        }
        if (value.getNano() != 0) {
            return value.toMillis() + "ms";
        }
        long seconds = value.getSeconds();
        if (seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        if (seconds % 60 == 0 && seconds >= 600) {
            return seconds / 60 + "m";
        }
        return seconds + "s";
    }

    /** In the largest binary unit that keeps it whole: {@code 8KiB}; {@code 0} is plain. */
    static String size(long bytes) {
        if (bytes == 0) {
            return "0";
        }
        long left = bytes;
        int unit = 0;
        while (left % 1024 == 0 && unit < SIZES.length - 1) {
            left /= 1024;
            unit++;
        }
        return left + SIZES[unit];
    }
}
