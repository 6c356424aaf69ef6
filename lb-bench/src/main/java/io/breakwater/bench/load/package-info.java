/**
 * Load at a rate that does not depend on the answers ("open loop"); {@code lb-bench/openloop} runs it.
 *
 * <p>When each request is to be sent is fixed before the first one is. One that is due while every connection waits for an
 * answer waits in line, none is left out, and its latency counts from the moment that it was planned for. So a server that
 * stops for a second is charged for every request of that second, where a client that waits for its answers before it goes on
 * charges it for one per connection (Gil Tene's "coordinated omission"). What the generator itself adds is reported beside it.
 */
@NullMarked
package io.breakwater.bench.load;

import org.jspecify.annotations.NullMarked;
