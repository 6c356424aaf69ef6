/** The image in front of replicas that fail as containers do. Skipped where there is no container engine. */
@NullMarked
package io.breakwater.containers;

import org.jspecify.annotations.NullMarked;
