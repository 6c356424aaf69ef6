// What the page knows. Views read it and are told when it has changed; nobody else keeps data.

import { circuits } from './model.js';

/** The newest incidents that are kept; the balancer keeps no more either. */
const INCIDENTS = 100;
/** Without a frame for so long, the page is hidden. */
const HIDDEN_MILLIS = 500;

/**
 * How the data comes: `connecting`, `live` (by events), `polling`, `paused`, `disconnected`, or `locked` (without the token).
 *
 * @typedef {'connecting'|'live'|'polling'|'paused'|'disconnected'|'locked'} Connection
 */
export class State {
  /** @type {Connection} */
  connection = 'connecting';
  /** When the pools were read; null before. */
  readAt = null;
  pools = [];
  notReady = null;
  /** Null where the balancer does not tell. */
  traffic = null;
  /** Null where the balancer does not tell. */
  incidents = null;
  /** Null where the balancer does not tell. */
  config = null;
  explains = false;
  /** Why nobody may change anything here; null as long as nothing is known of that. */
  readOnly = null;

  #deadlines = new Map();
  #watchers = [];
  #told = true;

  /** Calls back before the next frame after something has changed. */
  watch(watcher) {
    this.#watchers.push(watcher);
  }

  /** Takes over what is given, and tells those who watch. */
  set(changes) {
    Object.assign(this, changes);
    if (this.#told) {
      this.#told = false;
      const tell = () => {
        cancelAnimationFrame(frame);
        clearTimeout(timer);
        this.#told = true;
        this.#watchers.forEach((watcher) => watcher(this));
      };
      const frame = requestAnimationFrame(tell);
      // A hidden page gets no frames; its title should tell nevertheless.
      const timer = setTimeout(tell, HIDDEN_MILLIS);
    }
  }

  /** Takes over pools that were received just now. */
  setPools(pools, notReady) {
    const now = performance.now();
    const deadlines = new Map();
    for (const pool of pools) {
      for (const backend of pool.backends) {
        for (const { route, breaker } of circuits(backend)) {
          if (breaker.retryAfterSeconds !== null) {
            const key = circuitKey(pool.name, backend.id, route);
            deadlines.set(key, this.#deadline(key, breaker.generation, now + breaker.retryAfterSeconds * 1000));
          }
        }
      }
    }
    this.#deadlines = deadlines;
    this.set({ pools, notReady, readAt: new Date() });
  }

  /**
   * The seconds come rounded up, so that each reading is a bound from above, and the least of them is nearest. A new
   * generation of the circuit begins anew.
   */
  #deadline(key, generation, bound) {
    const known = this.#deadlines.get(key);
    return { generation, at: known?.generation === generation ? Math.min(known.at, bound) : bound };
  }

  /** An event tells when a circuit opened, and to the millisecond for how long. */
  opened({ pool, backend, route, to, generation, cooldownSeconds }) {
    if (to === 'open' && cooldownSeconds !== null && cooldownSeconds !== undefined) {
      const key = circuitKey(pool, backend, route);
      this.#deadlines.set(key, this.#deadline(key, generation, performance.now() + cooldownSeconds * 1000));
    }
  }

  /** When an open circuit lets a request try again, in the time of `performance.now()`; null without a deadline. */
  deadline(pool, backend, route) {
    return this.#deadlines.get(circuitKey(pool, backend, route))?.at ?? null;
  }

  /** Takes over an incident that began, went on or ended. */
  setIncident(incident) {
    const others = (this.incidents ?? []).filter(({ id }) => id !== incident.id);
    this.set({ incidents: [incident, ...others].sort((a, b) => b.id - a.id).slice(0, INCIDENTS) });
  }
}

function circuitKey(pool, backend, route) {
  return JSON.stringify([pool, backend, route ?? null]);
}
