package io.breakwater.server.balance;

/** Pearson's chi-square test of how counts are spread. */
final class ChiSquare {
    /** The 99.9 % quantile of the normal distribution. */
    private static final double Z = 3.0902;

    private ChiSquare() {}

    /** Returns the statistic of these counts against proportions; a category of proportion 0 must be empty. */
    static double of(int[] counts, double[] proportions) {
        double total = 0;
        double whole = 0;
        for (int i = 0; i < counts.length; i++) {
            total += counts[i];
            whole += proportions[i];
        }
        double statistic = 0;
        for (int i = 0; i < counts.length; i++) {
            double expected = total * proportions[i] / whole;
            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
        return statistic;
    }

    /**
     * Returns what a right spread exceeds once in a thousand: 16.3 for 3 degrees of freedom, 27.9 for 9, 103.4 for 63, to
     * within 2 % (the approximation of Wilson and Hilferty).
     */
    static double critical(int degreesOfFreedom) {
        double part = 2.0 / (9 * degreesOfFreedom);
        double root = 1 - part + Z * Math.sqrt(part);
        return degreesOfFreedom * root * root * root;
    }
}
