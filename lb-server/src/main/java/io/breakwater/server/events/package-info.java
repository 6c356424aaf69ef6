/** What happened to the circuits, to health and by operators' hands: put in order, kept and told for the API, logged once. */
@NullMarked
package io.breakwater.server.events;

import org.jspecify.annotations.NullMarked;
