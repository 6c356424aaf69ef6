package io.breakwater.server.arch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Something of the JDK that nobody calls or refers to, except where it is said.
 *
 * @param owner the class that has it; its subclasses count too
 * @param member a regular expression for the member's name
 * @param onlyIn the classes and packages that may
 * @param example a statement that does it
 */
record Forbidden(String owner, String member, List<String> onlyIn, String example) {

    private static final List<String> NOWHERE = List.of();

    /** Where parts are made and given their clocks. */
    private static final List<String> WIRING = List.of("io.breakwater.server", "io.breakwater.server.cli");

    static final List<Forbidden> TABLE = List.of(
            new Forbidden(
                    "java.lang.System", "nanoTime", List.of("io.breakwater.time.SystemTicker"), "System.nanoTime();"),
            new Forbidden("java.lang.System", "currentTimeMillis", NOWHERE, "System.currentTimeMillis();"),
            new Forbidden("java.time.Instant", "now", NOWHERE, "java.time.Instant.now();"),
            new Forbidden("java.time.LocalDateTime", "now", NOWHERE, "java.time.LocalDateTime.now();"),
            new Forbidden("java.time.ZonedDateTime", "now", NOWHERE, "java.time.ZonedDateTime.now();"),
            new Forbidden("java.time.OffsetDateTime", "now", NOWHERE, "java.time.OffsetDateTime.now();"),
            new Forbidden("java.util.Date", "<init>", NOWHERE, "new java.util.Date();"),
            new Forbidden("java.time.InstantSource", "system.*", WIRING, "java.time.InstantSource.system();"),
            new Forbidden("java.time.Clock", "system.*", WIRING, "java.time.Clock.systemUTC();"),
            new Forbidden("java.lang.Thread", "sleep", NOWHERE, "Thread.sleep(1);"),
            new Forbidden(
                    "java.util.concurrent.TimeUnit", "sleep", NOWHERE, "java.util.concurrent.TimeUnit.DAYS.sleep(1);"),
            new Forbidden(
                    "java.util.concurrent.Executors",
                    "new.*",
                    NOWHERE,
                    "java.util.concurrent.Executors.newCachedThreadPool();"),
            new Forbidden("java.lang.Throwable", "printStackTrace", NOWHERE, "new Exception().printStackTrace();"));

    ArchRule rule() {
        Pattern name = Pattern.compile(member);
        return classes()
                .should(new ArchCondition<JavaClass>("leave %s.%s alone".formatted(owner, member)) {
                    @Override
                    public void check(JavaClass subject, ConditionEvents events) {
                        if (onlyIn.contains(subject.getName()) || onlyIn.contains(subject.getPackageName())) {
                            return;
                        }
                        for (JavaAccess<?> access : subject.getAccessesFromSelf()) {
                            AccessTarget target = access.getTarget();
                            if (target.getOwner().isAssignableTo(owner)
                                    && name.matcher(target.getName()).matches()) {
                                events.add(SimpleConditionEvent.violated(access, access.getDescription()));
                            }
                        }
                    }
                })
                .as(toString())
                .allowEmptyShould(true);
    }

    @Override
    public String toString() {
        return "%s.%s is used %s"
                .formatted(owner, member, onlyIn.isEmpty() ? "nowhere" : "only in " + String.join(", ", onlyIn));
    }
}
