// Keeps the state up to date: by events where the balancer sends them, else by asking every 2 seconds.

import * as api from './api.js';

const POLL_MILLIS = 2000;
/** Figures that no event tells, such as requests in flight, while events come. */
const FIGURES_MILLIS = 5000;
/** The traffic has a further sample every 5 s; a little less, so that none is read late. */
const SAMPLE_MILLIS = 4500;
/** Events of the same moment are one reading. */
const GATHER_MILLIS = 100;
/** A large answer is not asked for again and again: at most this part of the time goes into it. */
const BUSY_PART = 0.2;
/** The balancer sends at least a comment every 15 s. */
const SILENCE_MILLIS = 40_000;
const RECONNECT_MILLIS = 2000;
/** After a refusal, such as that 16 others listen already. */
const REFUSED_MILLIS = 15_000;

export class Live {
  #state;
  #locked;
  #ending = new AbortController();
  /** Whether somebody wants to know more before the time. */
  #wanted = false;
  #wake = () => {};
  /** How long events are gathered before a reading. */
  #gatherMillis = GATHER_MILLIS;
  #streaming = false;
  #lastId = null;
  /** The parts of the API that this balancer does not have; asked again after it was away. */
  #absent = new Set();
  #configKnown = false;
  #incidentsKnown = false;
  /** An event that comes meanwhile may be newer than the answer, so that it is asked for once more. */
  #incidentsAsked = false;
  /** When there are further samples of the traffic to be read. */
  #trafficDue = 0;

  /**
   * @param {State} state
   * @param {function()} locked called when the balancer wants a token, or another one
   */
  constructor(state, locked) {
    this.#state = state;
    this.#locked = locked;
    document.addEventListener('visibilitychange', () => document.hidden || this.refresh());
  }

  /** Begins, or begins again: with another token, or after a pause. */
  start() {
    this.stop('connecting');
    this.#ending = new AbortController();
    this.#forget();
    this.#keepReading(this.#ending.signal);
    this.#keepListening(this.#ending.signal);
  }

  /** Ends what is under way; what is known stays. */
  stop(connection) {
    this.#ending.abort();
    this.#streaming = false;
    this.#wake();
    this.#state.set({ connection });
  }

  /** Reads again soon; several wishes are one. */
  refresh() {
    this.#wanted = true;
    this.#wake();
  }

  /** The balancer may be another one now. */
  #forget() {
    this.#absent.clear();
    this.#configKnown = false;
    this.#incidentsKnown = false;
    this.#incidentsAsked = false;
    this.#trafficDue = 0;
  }

  async #keepReading(signal) {
    while (!signal.aborted) {
      this.#wanted = false;
      const millis = await this.#read(signal);
      await this.#sleep(millis);
    }
  }

  #sleep(millis) {
    return new Promise((resolve) => {
      let timer = setTimeout(resolve, this.#wanted ? this.#gatherMillis : millis);
      this.#wake = () => {
        this.#wake = () => {};
        clearTimeout(timer);
        timer = setTimeout(resolve, this.#gatherMillis);
      };
    });
  }

  /** @returns after how many milliseconds to read again */
  async #read(signal) {
    const began = performance.now();
    try {
      await this.#readAll(signal);
    } catch (error) {
      if (!signal.aborted) {
        if (error.status === 401) {
          this.stop('locked');
          this.#locked();
        } else {
          this.#forget();
          this.#state.set({ connection: 'disconnected' });
        }
      }
      return POLL_MILLIS;
    }
    this.#state.set({ connection: this.#streaming ? 'live' : 'polling' });
    const wanted = this.#streaming || document.hidden ? FIGURES_MILLIS : POLL_MILLIS;
    const pause = (performance.now() - began) / BUSY_PART;
    this.#gatherMillis = Math.max(GATHER_MILLIS, pause);
    return Math.max(wanted, pause);
  }

  async #readAll(signal) {
    const [pools, notReady] = await Promise.all([api.pools(signal), api.notReady(signal)]);
    if (!this.#configKnown) {
      this.#configKnown = true;
      const pool = pools[0]?.name;
      const [config] = await Promise.all([
        this.#part('config', () => api.config(signal)),
        pool !== undefined && this.#part('explain', () => api.explain({ pool }, signal)),
      ]);
      this.#state.set({ config, explains: pool !== undefined && !this.#absent.has('explain') });
    }
    if (!(this.#incidentsKnown && this.#streaming)) {
      this.#incidentsKnown = true;
      this.#incidentsAsked = true;
      this.#state.set({ incidents: await this.#part('incidents', () => api.incidents(signal)) });
      this.#incidentsAsked = false;
    }
    signal.throwIfAborted();
    this.#state.setPools(pools, notReady);
    const asked = performance.now();
    if (asked >= this.#trafficDue) {
      this.#state.set({ traffic: await this.#part('traffic', () => api.traffic(signal)) });
      this.#trafficDue = performance.now() + Math.max(SAMPLE_MILLIS, (performance.now() - asked) / BUSY_PART);
    }
  }

  /** What a part of the API says that may not be there, or may fail for itself; null then. */
  async #part(name, ask) {
    if (this.#absent.has(name)) {
      return null;
    }
    try {
      return await ask();
    } catch (error) {
      if (!error.status || error.status === 401) {
        throw error;
      }
      if (error.isMissing) {
        this.#absent.add(name);
      }
      return null;
    }
  }

  async #keepListening(signal) {
    while (!signal.aborted) {
      const pause = this.#absent.has('events') ? RECONNECT_MILLIS : await this.#listen(signal);
      if (this.#streaming && !signal.aborted) {
        this.#streaming = false;
        this.refresh();
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** @returns after how many milliseconds to listen again */
  async #listen(signal) {
    const silence = new AbortController();
    let timer;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MILLIS);
    };
    heard();
    try {
      for await (const event of api.stream(this.#lastId, AbortSignal.any([signal, silence.signal]))) {
        heard();
        this.#lastId = event.id ?? this.#lastId;
        this.#take(event);
      }
    } catch (error) {
      if (error.isMissing) {
        this.#absent.add('events');
      }
      // A reading finds out what else is wrong, such as a missing token.
      return error.status ? REFUSED_MILLIS : RECONNECT_MILLIS;
    } finally {
      clearTimeout(timer);
    }
    return RECONNECT_MILLIS;
  }

  #take({ name, data }) {
    switch (name) {
      case 'comment':
        return;
      case 'connected':
        this.#streaming = true;
        // What happened before is read; what happens from now on is told.
        this.#incidentsKnown = false;
        break;
      case 'reset':
        this.#incidentsKnown = false;
        break;
      case 'incident':
        this.#state.setIncident(data);
        if (this.#incidentsAsked) {
          this.#incidentsKnown = false;
          break;
        }
        return;
      case 'transition':
        this.#state.opened(data);
        break;
      case 'reload':
        this.#configKnown = false;
        break;
      default:
    }
    this.refresh();
  }
}
