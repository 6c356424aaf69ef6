// What the data means: which backends are out, which of two is worse, and the sentences that say why. No DOM here.

import { count, words } from './format.js';

/** How bad it is; the worst first in lists. */
export const Severity = { OUT: 3, DOUBTFUL: 2, ASIDE: 1, FINE: 0 };

const SEVERITY_NAMES = ['fine', 'aside', 'doubtful', 'out'];

/** The name of a severity, as the style sheet has it. */
export function severityName(severity) {
  return SEVERITY_NAMES[severity];
}

/** What a circuit is: its state, or that it was opened by hand. */
export function circuitKind(breaker) {
  return breaker.state === 'open' && breaker.retryAfterSeconds === null ? 'tripped' : breaker.state;
}

/** A circuit that only observes refuses nobody. */
export function observes(breaker) {
  return breaker.mode === 'observe';
}

/** The circuits of a backend: one for each route, or one for all. */
export function circuits(backend) {
  return backend.routes?.length
    ? backend.routes.map(({ route, breaker }) => ({ route, breaker }))
    : [{ route: null, breaker: backend.breaker }];
}

function refuses(breaker) {
  return breaker.state === 'open' && !observes(breaker);
}

/** Whether a backend gets no requests though nobody took it aside. With circuits for routes: if all of them are open. */
export function isOut(backend) {
  return backend.adminState === 'enabled'
    && ((backend.health === 'unhealthy' && !backend.suspect)
      || circuits(backend).every(({ breaker }) => refuses(breaker)));
}

/** Whether a backend gets its share of the requests; a half-open circuit lets single ones through. */
export function serves(backend) {
  return backend.adminState === 'enabled'
    && (backend.health !== 'unhealthy' || Boolean(backend.suspect))
    && circuits(backend).some(({ breaker }) => breaker.state === 'closed' || observes(breaker));
}

/** @returns one of Severity */
export function severity(backend) {
  if (isOut(backend)) {
    return Severity.OUT;
  }
  if (backend.adminState !== 'enabled') {
    return Severity.ASIDE;
  }
  const doubtful = backend.suspect
    || circuits(backend).some(({ breaker }) => breaker.state !== 'closed' && !observes(breaker));
  return doubtful ? Severity.DOUBTFUL : Severity.FINE;
}

/** Whether no backend of a pool gets any request. */
export function isDown(pool) {
  return pool.backends.length > 0 && pool.backends.every((backend) => isOut(backend) || backend.adminState !== 'enabled');
}

/** Problems first; of equals as configured. */
export function worstFirst(backends) {
  return [...backends].sort((a, b) => severity(b) - severity(a));
}

/** Why a circuit is open, from its latest change for this route. */
export function whyOpen(backend, { route, breaker }) {
  const change = (backend.transitions ?? [])
    .filter((each) => each.to === 'open' && (each.route ?? null) === route)
    .at(-1);
  switch (breaker.reason) {
    case 'consecutive_failures':
      return change?.figures ? change.figures.replace(' in a row', ' failures in a row') : 'failures in a row';
    case 'failure_rate':
    case 'slow_call_rate':
      return change?.figures ?? words(breaker.reason);
    case 'probe_failed':
      return 'the last probe failed';
    case 'probe_expired':
      return 'the last probe got no answer';
    case 'manual':
      return 'by hand';
    case 'restored':
      return 'as before the restart';
    default:
      return breaker.reason ? words(breaker.reason) : '';
  }
}

/**
 * What is to be said of a circuit.
 *
 * @returns {{state: string, parts: string[], countdown: ?string}} the state, what there is beyond it, and the words before
 *     the seconds that are left, if there is a deadline
 */
export function circuitSentence(backend, circuit) {
  const { breaker } = circuit;
  const only = observes(breaker) ? ['only observed'] : [];
  switch (circuitKind(breaker)) {
    case 'open':
      return {
        state: 'circuit open',
        parts: [...only, whyOpen(backend, circuit)].filter(Boolean),
        countdown: only.length ? 'would try again' : 'tries again',
      };
    case 'tripped':
      return { state: 'tripped by hand', parts: [...only, 'until it is reset'], countdown: null };
    case 'half-open':
      return { state: 'circuit half-open', parts: [...only, `the next request ${only.length ? 'would decide' : 'decides'}`], countdown: null };
    default:
      return {
        state: '',
        parts: breaker.consecutiveFailures > 0 ? [`${count(breaker.consecutiveFailures, 'failure')} in a row`] : [],
        countdown: null,
      };
  }
}

/** What health and the operator's wish add, as parts of a sentence. */
export function conditionSentence(backend) {
  const parts = [];
  if (backend.health === 'unhealthy') {
    parts.push(backend.suspect ? 'its checks time out; kept as the last one' : 'its health checks fail');
  }
  if (backend.adminState === 'draining') {
    parts.push(backend.inFlight > 0 ? `draining, ${count(backend.inFlight, 'request')} left` : 'drained');
  } else if (backend.adminState === 'disabled') {
    parts.push('disabled');
  }
  return parts;
}

/** The circuits of a backend that are worth a line: all that are not closed, or have failures in a row. */
export function tellingCircuits(backend) {
  return circuits(backend).filter(({ breaker }) => breaker.state !== 'closed' || breaker.consecutiveFailures > 0);
}

/**
 * What is wrong, in one line, and the backends that it is about, the worst first.
 *
 * @param {Array} pools
 * @param {?string} notReady why the balancer is not ready
 */
export function headline(pools, notReady) {
  const all = pools.flatMap((pool) => pool.backends.map((backend) => ({ pool, backend, severity: severity(backend) })));
  const of = (level) => all.filter((each) => each.severity === level);
  const out = of(Severity.OUT);
  const doubtful = of(Severity.DOUBTFUL);
  const aside = of(Severity.ASIDE);
  const down = pools.filter(isDown);

  let title;
  let level = Severity.FINE;
  if (notReady) {
    title = `Not ready: ${notReady}`;
    level = Severity.OUT;
  } else if (all.length === 0) {
    title = 'No backends are configured';
    level = Severity.DOUBTFUL;
  } else if (down.length > 0) {
    title = down.length === 1
      ? `Pool ${down[0].name} is down: ${none(down[0].backends.length)} takes requests`
      : `${down.length} of ${pools.length} pools are down`;
    level = Severity.OUT;
  } else if (out.length > 0) {
    title = `${out.length} of ${count(all.length, 'backend')} ${out.length === 1 ? 'is' : 'are'} out`;
    level = Severity.OUT;
  } else if (doubtful.length > 0) {
    title = `${doubtful.length} of ${count(all.length, 'backend')} ${doubtful.length === 1 ? 'is' : 'are'} on trial`;
    level = Severity.DOUBTFUL;
  } else if (aside.length > 0) {
    title = `${aside.length} of ${count(all.length, 'backend')} ${aside.length === 1 ? 'is' : 'are'} drained or disabled; nothing is wrong`;
    level = Severity.ASIDE;
  } else {
    title = all.length === 1 ? 'The backend serves' : `All ${count(all.length, 'backend')} serve`;
  }
  return { title, level, backends: [...out, ...doubtful, ...aside] };
}

function none(backends) {
  return backends === 1 ? 'its only backend no longer' : `none of its ${backends} backends`;
}

/**
 * How much of its weight a backend has, 0 to 1, where the pool starts slowly: a backend's share for each unit of weight
 * against the largest of its priority.
 *
 * @returns {?number} null where it has all, or nothing
 */
export function slowStart(pool, backend) {
  const perWeight = (each) => (each.weight > 0 ? each.share / each.weight : 0);
  const most = Math.max(...pool.backends.filter((each) => each.priority === backend.priority).map(perWeight));
  const factor = most > 0 ? perWeight(backend) / most : 0;
  return factor > 0 && factor < 0.99 ? factor : null;
}

/** The actions that would change something. */
export function actions(backend) {
  const each = circuits(backend).map(({ breaker }) => breaker);
  const tripped = each.every((breaker) => circuitKind(breaker) === 'tripped');
  const clean = each.every((breaker) => breaker.state === 'closed' && breaker.consecutiveFailures === 0
    && !(breaker.window?.calls > 0));
  return [
    backend.adminState !== 'enabled' && 'enable',
    backend.adminState !== 'draining' && 'drain',
    backend.adminState !== 'disabled' && 'disable',
    !tripped && 'trip',
    !clean && 'reset',
  ].filter(Boolean);
}

/** The latest changes of all circuits, the latest first. */
export function latestChanges(pools, limit) {
  return pools
    .flatMap((pool) => pool.backends.flatMap((backend) =>
      backend.transitions.map((change, index) => ({ pool: pool.name, backend: backend.id, index, ...change }))))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || b.index - a.index)
    .slice(0, limit);
}

/** The verdict on a backend that an outcome gives: `success`, `failure` or `ignored`. */
export function verdict(outcome) {
  if (outcome === 'success') {
    return 'success';
  }
  return ['stale_connection', 'client_aborted', 'client_timeout', 'local_error'].includes(outcome) ? 'ignored' : 'failure';
}
