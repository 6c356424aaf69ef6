/** The addresses that clients connect to. */
@NullMarked
package io.breakwater.server.listener;

import org.jspecify.annotations.NullMarked;
