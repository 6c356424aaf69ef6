/** Replicas to try the balancer with. */
@NullMarked
package io.breakwater.server.demo;

import org.jspecify.annotations.NullMarked;
