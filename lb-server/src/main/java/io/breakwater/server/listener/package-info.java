/** What clients connect to: accept, limits, and the requests of one connection in order. */
@NullMarked
package io.breakwater.server.listener;

import org.jspecify.annotations.NullMarked;
