// What the admin port offers: JSON, a stream of events, and actions on backends.

import { events } from './stream.js';

const TOKEN = 'breakwater.token';
const NO_RESOURCE = 'not found';

/** An answer other than 2xx. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message what the answer says
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  /** The balancer does not have this part of the API; a name that it does not know is told otherwise. */
  get isMissing() {
    return this.status === 404 && this.message === NO_RESOURCE;
  }
}

/** The token that is kept until the tab is closed, or null. */
export function token() {
  return sessionStorage.getItem(TOKEN);
}

/** @param {?string} value null forgets it */
export function keepToken(value) {
  if (value === null) {
    sessionStorage.removeItem(TOKEN);
  } else {
    sessionStorage.setItem(TOKEN, value);
  }
}

async function request(path, options = {}) {
  const secret = token();
  const headers = { ...options.headers, ...(secret ? { Authorization: `Bearer ${secret}` } : {}) };
  const response = await fetch(path, { cache: 'no-store', ...options, headers });
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw new Refused(response.status, body.error ?? body.reason ?? `status ${response.status}`);
  }
  return response;
}

async function json(path, options) {
  return (await request(path, options)).json();
}

/** The pools and their backends. */
export const pools = async (signal) => (await json('/api/v1/pools', { signal })).pools;

/** The traffic of the last minutes. */
export const traffic = (signal) => json('/api/v1/traffic', { signal });

/** The latest incidents, the newest first. */
export const incidents = async (signal) => (await json('/api/v1/incidents', { signal })).incidents;

/** The configuration that is in effect. */
export const config = async (signal) => (await json('/api/v1/config', { signal })).lb;

/** Why the balancer should be sent no traffic; null if it is ready. */
export async function notReady(signal) {
  try {
    await request('/readyz', { signal });
    return null;
  } catch (error) {
    if (error instanceof Refused) {
      return error.message;
    }
    throw error;
  }
}

/**
 * Who would get a request, and why.
 *
 * @param {object} question `pool`, or `path`, `method` and `host`
 */
export function explain(question, signal) {
  // Not URLSearchParams, whose plus for a space is a plus to the balancer.
  const query = Object.entries(question).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return json(`/api/v1/explain?${query}`, { signal });
}

/** Does something to a backend. */
export const act = (pool, id, action) =>
  json(`/api/v1/pools/${encodeURIComponent(pool)}/backends/${encodeURIComponent(id)}/${action}`, { method: 'POST' });

/**
 * The events as they happen, until the stream ends. Fetched, because an EventSource can neither send a token nor tell why
 * it was refused.
 *
 * @param {?string} lastId of the last event that was seen
 */
export async function* stream(lastId, signal) {
  const headers = { Accept: 'text/event-stream', ...(lastId === null ? {} : { 'Last-Event-ID': lastId }) };
  const response = await request('/api/v1/events', { headers, signal });
  yield { name: 'connected', id: lastId, data: null };
  yield* events(response.body);
}
