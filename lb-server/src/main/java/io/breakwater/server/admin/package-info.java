/** The admin port: probes, metrics, the state of the pools as JSON and as a page. */
@NullMarked
package io.breakwater.server.admin;

import org.jspecify.annotations.NullMarked;
