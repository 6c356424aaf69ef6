/** What health checks ask the backends, and the checkers that the wiring starts. */
@NullMarked
package io.breakwater.server.probe;

import org.jspecify.annotations.NullMarked;
