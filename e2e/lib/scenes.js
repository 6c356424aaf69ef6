// Fixed states of a balancer, as the API tells them.

const SAMPLES = 60;

/** A backend that works; what differs is given. */
export function backend(id, { breaker = {}, ...differs } = {}) {
  return {
    id, url: `http://${id}`, weight: 1, priority: 0, adminState: 'enabled', health: 'healthy', inFlight: 2,
    requests: 18_204, successes: 18_170, failures: 34, rejected: 12, share: 0.3333,
    breaker: {
      state: 'closed', mode: 'enforce', consecutiveFailures: 0, failureRate: 0.0012, slowCallRate: 0, openedAt: null,
      reason: null, retryAfterSeconds: null, generation: 0, window: { calls: 834, failures: 1, slowCalls: 0 }, ...breaker,
    },
    transitions: [],
    ...differs,
  };
}

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

export const OPEN = () => ({
  share: 0, inFlight: 0,
  breaker: { state: 'open', consecutiveFailures: 3, openedAt: ago(1), reason: 'consecutive_failures', retryAfterSeconds: 4, generation: 5, failureRate: null },
  transitions: [
    { at: ago(300), from: 'half-open', to: 'closed', reason: 'probe_succeeded' },
    { at: ago(1), from: 'closed', to: 'open', reason: 'consecutive_failures', figures: '3 in a row' },
  ],
});

export const TRIPPED = () => ({
  share: 0, inFlight: 0,
  breaker: { state: 'open', consecutiveFailures: 0, openedAt: ago(80), reason: 'manual', retryAfterSeconds: null, generation: 3 },
  transitions: [{ at: ago(80), from: 'closed', to: 'open', reason: 'manual' }],
});

export const HALF_OPEN = () => ({
  share: 0, inFlight: 1,
  breaker: { state: 'half-open', consecutiveFailures: 3, reason: 'cooldown_elapsed', generation: 6 },
  transitions: [
    { at: ago(6), from: 'closed', to: 'open', reason: 'failure_rate', figures: '12 of 20 calls failed, 60 % >= 50 %' },
    { at: ago(1), from: 'open', to: 'half-open', reason: 'cooldown_elapsed' },
  ],
});

export const OBSERVING = () => ({
  breaker: {
    state: 'open', mode: 'observe', consecutiveFailures: 4, openedAt: ago(2), reason: 'slow_call_rate', retryAfterSeconds: 3, generation: 9,
    failureRate: 0.1, slowCallRate: 0.85, observed: { wouldReject: 17, falseTrips: 4, failuresSaved: 12, secondsSaved: 30.99 },
  },
  transitions: [{ at: ago(2), from: 'closed', to: 'open', reason: 'slow_call_rate', figures: '17 of 20 calls were slow, 85 % >= 80 %' }],
});

export function pool(name, backends, balance = 'least-request') {
  return { name, state: 'closed', balance, backends };
}

/** A wave that is the same each time. */
function wave(base, part, seed) {
  return Array.from({ length: SAMPLES }, (_, i) => base * (1 + part * Math.sin(i / 5 + seed) + (part / 3) * Math.sin(i * 1.7 + seed * 3)))
    .map((value) => Math.round(value * 10) / 10);
}

function series(rate, seed, bad) {
  return {
    requestsPerSecond: wave(rate, 0.18, seed),
    errorRate: Array.from({ length: SAMPLES }, (_, i) => (bad && i > SAMPLES - 6 ? 0.6 : i % 17 === seed % 17 ? 0.01 : 0)),
    p50Millis: wave(4.2, 0.15, seed + 1),
    p99Millis: wave(bad ? 180 : 18, 0.4, seed + 2),
  };
}

export function traffic(pools) {
  return {
    at: new Date().toISOString(),
    intervalSeconds: 5,
    pools: pools.map((each, p) => ({
      name: each.name,
      ...series(40 * each.backends.length, p, each.backends.some(({ breaker }) => breaker.state === 'open')),
      backends: each.backends.map(({ id, breaker }, i) => ({ id, ...series(breaker.state === 'open' ? 4 : 40, i, breaker.state === 'open') })),
    })),
  };
}

const CODES = {
  eligible: 'It is enabled, healthy, has a free slot, and its circuit is closed.',
  circuit_open: 'Its circuit opened after 3 failures in a row, and lets a request try again in 4 s.',
  tripped: 'Its circuit was tripped by hand, and stays open until it is reset.',
  half_open_busy: 'Its circuit is half-open, and the one probe that it allows is under way.',
  draining: 'It is draining: no new requests.',
  unhealthy: 'Its health checks fail.',
};

function code(each) {
  if (each.adminState !== 'enabled') {
    return 'draining';
  }
  if (each.health === 'unhealthy') {
    return 'unhealthy';
  }
  const { state, retryAfterSeconds } = each.breaker;
  return state === 'open' ? (retryAfterSeconds === null ? 'tripped' : 'circuit_open') : state === 'half-open' ? 'half_open_busy' : 'eligible';
}

export function explain(pools, url) {
  const wanted = pools.find(({ name }) => name === (url.searchParams.get('pool') ?? pools[0].name));
  return {
    pool: wanted.name,
    route: url.searchParams.has('path') ? '/api/resource' : null,
    ...(url.searchParams.has('path') ? { fallbacks: ['stale', 'static'] } : {}),
    candidates: wanted.backends.map((each) => ({
      id: each.id, eligible: code(each) === 'eligible', code: code(each), reason: CODES[code(each)],
      since: each.breaker.openedAt, until: code(each) === 'circuit_open' ? new Date(Date.now() + 4000).toISOString() : null,
    })),
  };
}

/** The last 50 outcomes before a trip: good ones, then failures. */
function outcomes(failures, failure) {
  return Array.from({ length: 50 }, (_, i) => ({
    at: ago(60 - i), outcome: i >= 50 - failures ? failure : i === 20 ? 'client_aborted' : i === 31 ? failure : 'success',
    latencyMillis: i >= 50 - failures ? 900 + 30 * i : 4 + (i * 7) % 9,
  }));
}

export function incidents(poolName, id, peer) {
  return [
    {
      id: 3, pool: poolName, backend: id, route: null, mode: 'enforce', startedAt: ago(1), endedAt: null, reason: 'consecutive_failures', figures: '3 in a row',
      decision: 'opened for 5 s', reopenings: 0, end: null, durationSeconds: null, outcomes: outcomes(3, 'response_timeout'),
      latency: { p50Millis: 912.4, peersP50Millis: 4.1, peers: 2 },
    },
    {
      id: 2, pool: poolName, backend: peer, route: '/api/resource', mode: 'enforce', startedAt: ago(900), endedAt: ago(886), reason: 'failure_rate', figures: '12 of 20 calls failed, 60 % >= 50 %',
      decision: 'opened for 5 s', reopenings: 1, end: 'probe_succeeded', durationSeconds: 14.2, outcomes: outcomes(12, 'failure_status'),
      latency: { p50Millis: 5.2, peersP50Millis: 4.4, peers: 2 },
    },
    {
      id: 1, pool: poolName, backend: peer, route: null, mode: 'observe', startedAt: ago(4000), endedAt: ago(3800), reason: 'manual', figures: null,
      decision: 'opened until it is reset', reopenings: 0, end: 'manual', durationSeconds: 200, outcomes: [], latency: { p50Millis: null, peersP50Millis: null, peers: 2 },
    },
  ];
}

const CONFIG = (pools) => ({
  lb: {
    metrics: { enabled: true },
    pools: Object.fromEntries(pools.map(({ name }) => [name, {
      breaker: { 'consecutive-failures': 3, window: { type: 'time', 'failure-rate': '50%', 'slow-call-rate': '80%' } }, 'slow-start': { enabled: true },
    }])),
  },
});

/** Everything that a stub answers for these pools. */
export function answers(pools, told = []) {
  return {
    pools: { pools }, traffic: () => traffic(pools), incidents: { incidents: told }, explain: (url) => explain(pools, url), config: CONFIG(pools), events: true,
  };
}

const THREE = ['127.0.0.1:4001', '127.0.0.1:4002', '127.0.0.1:4003'];

function three(first = {}, others = {}) {
  return [pool('default', THREE.map((id, i) => backend(id, i === 0 ? first : { share: 0.5, ...others })))];
}

/** By name: what the page is looked at with. */
export const SCENES = {
  healthy: () => answers(three({ share: 0.5 })),
  open: () => answers(three(OPEN()), incidents('default', ...THREE)),
  'half-open': () => answers(three(HALF_OPEN())),
  'all-open': () => answers(three(OPEN(), OPEN()), incidents('default', ...THREE)),
  draining: () => answers(three({ adminState: 'draining', share: 0, inFlight: 4 })),
  mixed: () => answers([
    pool('default', [
      backend('replica-1', OPEN()), backend('replica-2', TRIPPED()), backend('replica-3', { share: 0.1 }), backend('replica-4', { share: 0.9 }),
      backend('replica-5', OBSERVING()), backend('replica-6', { health: 'unhealthy', suspect: true, share: 0.2 }), backend('replica-7', { adminState: 'disabled', health: 'unchecked', share: 0 }),
    ]),
    pool('cart', [
      backend('cart-a.internal:8443', {
        routes: [{ route: '/cart/add', breaker: OPEN().breaker }, { route: '/cart/list', breaker: backend('x').breaker }],
        breaker: OPEN().breaker, transitions: [{ ...OPEN().transitions[1], route: '/cart/add' }],
      }),
      backend('cart-b.internal:8443', { share: 0.66 }),
    ], 'hash header:X-User'),
  ], incidents('default', 'replica-1', 'replica-2')),
  many: () => answers([pool('default', Array.from({ length: 200 }, (_, i) =>
    backend(`10.0.${Math.floor(i / 100)}.${(i % 100) + 1}:8080`, { share: 0.005, ...(i === 77 ? OPEN() : i === 130 ? HALF_OPEN() : i === 150 ? { adminState: 'draining', share: 0 } : {}) })))]),
  huge: () => {
    const all = [pool('default', Array.from({ length: 10_000 }, (_, i) => backend(`b-${i}`, { share: 0.0001, ...(i === 9_999 ? OPEN() : {}) })))];
    const told = traffic(all);
    return { ...answers(all), traffic: told };
  },
};
