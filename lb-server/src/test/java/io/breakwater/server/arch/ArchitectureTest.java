package io.breakwater.server.arch;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.PackageMatcher;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The tables of who may know whom and who may read the clock, held against the product's classes; and each row against
 * a class that was made to break it, so that no rule is satisfied by a slip in its own words.
 */
class ArchitectureTest {
    static final List<Never> NEVER = Never.TABLE;
    static final List<Forbidden> FORBIDDEN = Forbidden.TABLE;

    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("io.breakwater");

    private static final String SOMEWHERE = "io.breakwater.server.pool";

    private static JavaClasses culprits = PRODUCT;

    private static final ArchRule DOMAIN_IS_JDK_ONLY = classes()
            .that(resideInAnyPackage("io.breakwater.time..", "io.breakwater.health.."))
            .should()
            .onlyDependOnClassesThat(
                    resideInAnyPackage("java..", "org.jspecify..", "io.breakwater.time..", "io.breakwater.health.."));

    private static final ArchRule NO_CIRCLES =
            slices().matching("io.breakwater.(**)").should().beFreeOfCycles().allowEmptyShould(true);

    @ParameterizedTest(name = "{0}")
    @FieldSource("NEVER")
    void aPackageDoesNotKnowWhatItMustNotKnow(Never row) {
        row.rule().check(PRODUCT);
    }

    @ParameterizedTest(name = "{0}")
    @FieldSource("FORBIDDEN")
    void whatIsForbiddenIsNotUsed(Forbidden row) {
        row.rule().check(PRODUCT);
    }

    @Test
    void theDomainKnowsTheJdkOnly() {
        DOMAIN_IS_JDK_ONLY.check(PRODUCT);
    }

    @Test
    void packagesDoNotGoInCircles() {
        NO_CIRCLES.check(PRODUCT);
    }

    @Test
    void everyPackageOfTheProductStandsInTheTable() {
        Set<String> present = new TreeSet<>();
        PRODUCT.forEach(each -> present.add(each.getPackageName()));

        assertThat(Never.PACKAGES).containsAll(present);
        assertThat(present)
                .contains("io.breakwater.health.breaker", "io.breakwater.metrics", "io.breakwater.server.exchange");
        assertThat(PRODUCT.size()).isGreaterThan(80);
        for (Never row : Never.TABLE) {
            assertThat(Never.PACKAGES)
                    .as("%s speaks of a package that there will never be", row)
                    .anyMatch(each -> resides(each, row.subject()));
            for (String forbidden : row.imports()) {
                assertThat(Stream.concat(
                                Never.PACKAGES.stream(), Stream.of("io.netty", "io.micrometer", "io.prometheus")))
                        .as("%s forbids a package that there will never be", row)
                        .anyMatch(each -> resides(each, forbidden));
            }
        }
    }

    private static boolean resides(String packageName, String pattern) {
        return PackageMatcher.of(pattern).matches(packageName);
    }

    static Stream<Arguments> everyPair() {
        return Never.TABLE.stream().flatMap(row -> row.imports().stream().map(each -> Arguments.of(row, each)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("everyPair")
    void everyRowOfTheTableBites(Never row, String forbidden) {
        assertThat(details(row.rule())).anyMatch(each -> each.contains(culprit(row, forbidden)));
    }

    @ParameterizedTest(name = "{0}")
    @FieldSource("NEVER")
    void noRowForbidsAPackageItself(Never row) {
        assertThat(details(row.rule())).noneMatch(each -> each.contains(".Innocent."));
    }

    @ParameterizedTest(name = "{0}")
    @FieldSource("FORBIDDEN")
    void everyForbiddenCallBites(Forbidden row) {
        assertThat(details(row.rule())).anyMatch(each -> each.contains(culprit(row)));
    }

    @Test
    void aReferenceToAForbiddenMethodBitesToo() {
        assertThat(details(Forbidden.TABLE.get(0).rule())).anyMatch(each -> each.contains(".ByReference."));
    }

    @Test
    void aDomainThatKnowsMoreThanTheJdkIsFound() {
        assertThat(details(DOMAIN_IS_JDK_ONLY))
                .anyMatch(each -> each.contains("io.netty.Target"))
                .noneMatch(each -> each.contains(".Innocent."));
    }

    @Test
    void aCircleIsFound() {
        assertThat(details(NO_CIRCLES)).anyMatch(each -> each.contains(".Here.") && each.contains(".There."));
    }

    private static List<String> details(ArchRule rule) {
        return rule.evaluate(culprits).getFailureReport().getDetails();
    }

    @BeforeAll
    static void makeCulprits(@TempDir Path dir) throws IOException {
        Culprits made = new Culprits();
        for (Never row : Never.TABLE) {
            String subject = concrete(row.subject(), "somewhere");
            for (String forbidden : row.imports()) {
                String target = concrete(forbidden, "elsewhere");
                made.add(target, "Target", "");
                made.add(subject, culprit(row, forbidden), target + ".Target target;");
            }
            made.add(subject, "Neighbour", "");
            made.add(subject, "Innocent", "Neighbour one; java.util.List<Neighbour> many;");
        }
        for (Forbidden row : Forbidden.TABLE) {
            made.add(SOMEWHERE, culprit(row), "void run() throws Exception { " + row.example() + " }");
        }
        made.add(SOMEWHERE, "ByReference", "java.util.function.LongSupplier clock = System::nanoTime;");
        made.add("io.netty", "Target", "");
        made.add("io.breakwater.health.breaker", "Modern", "io.netty.Target target;");
        made.add("io.breakwater.server.pool", "Here", "io.breakwater.server.route.There there;");
        made.add("io.breakwater.server.route", "There", "io.breakwater.server.pool.Here here;");
        culprits = made.compiled(dir);
    }

    private static String culprit(Never row, String forbidden) {
        return "Culprit%dx%d".formatted(Never.TABLE.indexOf(row), row.imports().indexOf(forbidden));
    }

    private static String culprit(Forbidden row) {
        return "Caller%d".formatted(Forbidden.TABLE.indexOf(row));
    }

    /** A package that the pattern matches. */
    private static String concrete(String pattern, String below) {
        String name = pattern.replace("*", below);
        return name.endsWith("..") && !name.contains(below)
                ? name.substring(0, name.length() - 2) + "." + below
                : name.replace("..", "");
    }
}
