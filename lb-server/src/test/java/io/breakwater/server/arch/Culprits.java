package io.breakwater.server.arch;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Classes made on the spot, in packages of the product's names, to see what rules say of them. NOT thread safe. */
final class Culprits {
    private final Map<String, JavaFileObject> sources = new LinkedHashMap<>();

    /** Adds a public class; the one that is there already stays. */
    void add(String packageName, String className, String body) {
        String text = "package %s; public class %s { %s }".formatted(packageName, className, body);
        sources.putIfAbsent(packageName + "." + className, new Source(packageName, className, text));
    }

    /** Compiles them all into this empty folder. */
    JavaClasses compiled(Path into) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(problems, Locale.ROOT, null)) {
            List<String> options = List.of("-proc:none", "-d", into.toString(), "-cp", into.toString());
            if (!compiler.getTask(null, manager, problems, options, null, sources.values())
                    .call()) {
                throw new AssertionError(problems.getDiagnostics().toString());
            }
        }
        return new ClassFileImporter().importPath(into);
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String packageName, String className, String text) {
            super(URI.create("string:///%s/%s.java".formatted(packageName.replace('.', '/'), className)), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
