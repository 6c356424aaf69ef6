/** What happened to the circuits and to health: put in order, kept for the API, and logged once. */
@NullMarked
package io.breakwater.server.events;

import org.jspecify.annotations.NullMarked;
