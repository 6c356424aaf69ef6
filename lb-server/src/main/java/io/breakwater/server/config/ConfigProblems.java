package io.breakwater.server.config;

import java.util.List;
import java.util.stream.Collectors;

/** The refusal of a configuration, with every problem found in it. Its message has one line for each. */
public final class ConfigProblems extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    ConfigProblems(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /** In the order of their files and lines; never empty. */
    public List<Problem> problems() {
        return problems;
    }
}
