/**
 * The access log: a line for each request, made on the request's event loop and written to a file by a thread of its own.
 */
@NullMarked
package io.breakwater.server.accesslog;

import org.jspecify.annotations.NullMarked;
