// All pools: figures and charts of each, and its backends, the worst first.

import { Chart, times } from '../charts.js';
import { attribute, h, keyed, text } from '../dom.js';
import { count, millis, percent, perSecond, whole } from '../format.js';
import { Badge } from '../icons.js';
import { Severity, circuitKind, isDown, observes, serves, severity, worstFirst } from '../model.js';
import { Row } from './row.js';

/** Rows on the page at a time, of one pool and of all: more than that no one reads, and the browser gets slow. */
const ROWS_OF_A_POOL = 200;
const ROWS = 400;
/** Fewer backends than this need no filter. */
const FILTERED_FROM = 8;
/** Each has three charts. */
const POOLS_WITH_CHARTS = 12;

const FILTERS = {
  all: ['All', () => true],
  problems: ['Problems', (backend) => severity(backend) !== Severity.FINE],
  open: ['Circuit open', (backend) => some(backend, (breaker) => breaker.state === 'open')],
  'half-open': ['Circuit half-open', (backend) => some(backend, (breaker) => breaker.state === 'half-open')],
  tripped: ['Tripped by hand', (backend) => some(backend, (breaker) => circuitKind(breaker) === 'tripped')],
  observing: ['Observing', (backend) => some(backend, observes)],
  unhealthy: ['Unhealthy or suspect', (backend) => backend.health === 'unhealthy'],
  aside: ['Drained or disabled', (backend) => backend.adminState !== 'enabled'],
};

function some(backend, predicate) {
  return [backend.breaker, ...(backend.routes ?? []).map(({ breaker }) => breaker)].some(predicate);
}

const COLUMNS = [
  ['Backend', 'id'], ['Circuit', 'circuit'], ['Health', 'health'], ['Share', 'share number'], ['In flight', 'number'],
  ['Requests/s', 'traffic number rate'], ['Errors', 'traffic number'], ['p50', 'traffic number'], ['p99', 'traffic number'], ['', 'actions'],
];

export class PoolsView {
  #state;
  #operator;
  #filters;
  #name = h('input', { type: 'search', placeholder: 'Name', 'aria-label': 'Only backends whose name contains', autocomplete: 'off', spellcheck: 'false' });
  #kind = h('select', { 'aria-label': 'Only backends that are' },
    ...Object.entries(FILTERS).map(([value, [label]]) => h('option', { value }, label)));
  #shown = h('p', { class: 'soft', role: 'status' });
  #readOnly = h('p', { class: 'notice' });
  #pools = h('div', { class: 'pools' });
  #kept = new Map();

  constructor(root, state, operator) {
    this.#state = state;
    this.#operator = operator;
    this.#filters = h('div', { class: 'filters', role: 'search' }, this.#name, this.#kind, this.#shown);
    root.append(this.#filters, this.#readOnly, this.#pools);
    for (const input of [this.#name, this.#kind]) {
      input.addEventListener('input', () => this.update(state));
    }
  }

  update(state) {
    text(this.#readOnly, state.readOnly ? `Nothing can be changed here: ${state.readOnly}.` : '');
    this.#readOnly.hidden = !state.readOnly;
    const wanted = this.#name.value.trim().toLowerCase();
    const [, matches] = FILTERS[this.#kind.value];
    const filtered = wanted !== '' || this.#kind.value !== 'all';
    let room = ROWS;
    let found = 0;
    let rows = 0;
    let all = 0;
    const shown = [];
    state.pools.forEach((pool, index) => {
      const matching = worstFirst(pool.backends.filter((backend) => matches(backend) && backend.id.toLowerCase().includes(wanted)));
      const visible = matching.slice(0, Math.min(room, ROWS_OF_A_POOL));
      room -= visible.length;
      rows += visible.length;
      found += matching.length;
      all += pool.backends.length;
      if (matching.length > 0 || !filtered) {
        shown.push({ pool, visible, found: matching.length, index });
      }
    });
    this.#filters.hidden = all < FILTERED_FROM;
    text(this.#shown, rows < found ? `The ${whole(rows)} worst of ${count(found, 'backend')}; filter to see others`
      : filtered ? `${whole(found)} of ${count(all, 'backend')}` : count(all, 'backend'));
    keyed(this.#pools, this.#kept, shown, ({ pool }) => pool.name, () => new PoolCard(this.#state, this.#operator));
  }
}

class PoolCard {
  #state;
  #name = h('h2');
  #badge = new Badge();
  #about = h('p', { class: 'soft' });
  #charts = null;
  #chartsPlace = h('div', { class: 'charts' });
  #kept = new Map();
  #head;
  #table;
  #hint = h('p', { class: 'soft hint' });
  #make;

  constructor(state, operator) {
    this.#state = state;
    this.#make = () => new Row(state, operator);
    this.#head = h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...COLUMNS.map(([label, name]) =>
      h('th', { scope: 'col', role: 'columnheader', class: name }, label || h('span', { class: 'hidden-text' }, 'Actions')))));
    this.#table = h('table', { class: 'backends', role: 'table' }, this.#head);
    this.element = h('article', { class: 'pool' },
      h('header', {}, this.#name, this.#badge.element, this.#about), this.#chartsPlace, this.#table, this.#hint);
  }

  update({ pool, visible, found, index }) {
    const { traffic } = this.#state;
    text(this.#name, pool.name);
    attribute(this.element, 'aria-label', `Pool ${pool.name}`);
    this.#showState(pool);
    const ofPool = traffic?.pools.find(({ name }) => name === pool.name);
    this.element.classList.toggle('without-traffic', !ofPool);
    this.element.classList.toggle('read-only', this.#state.readOnly !== null);
    if (ofPool && index < POOLS_WITH_CHARTS) {
      this.#charts ??= this.#makeCharts(pool.name);
      const at = times(traffic, ofPool.requestsPerSecond.length);
      this.#charts.requests.update([at, ofPool.requestsPerSecond]);
      this.#charts.errors.update([at, ofPool.errorRate]);
      this.#charts.latency.update([at, ofPool.p50Millis, ofPool.p99Millis]);
    } else {
      this.close();
    }
    const ofBackends = new Map(ofPool?.backends.map((backend) => [backend.id, backend]));
    const rows = visible.map((backend) => ({ pool, backend, traffic: ofBackends.get(backend.id) ?? null }));
    keyed(this.#table, this.#kept, rows, ({ backend }) => backend.id, this.#make, this.#head);
    text(this.#hint, visible.length < found ? `${whole(found - visible.length)} more are not shown; filter by name or state to see them.` : '');
    this.#hint.hidden = visible.length >= found;
  }

  #showState(pool) {
    const all = pool.backends.length;
    const serving = pool.backends.filter(serves).length;
    const inFlight = pool.backends.reduce((sum, backend) => sum + backend.inFlight, 0);
    const words = serving === all ? 'all serve' : `${whole(serving)} of ${whole(all)} ${serving === 1 ? 'serves' : 'serve'}`;
    if (isDown(pool)) {
      this.#badge.show('out', 'down');
    } else {
      this.#badge.show(pool.backends.some((backend) => severity(backend) > Severity.ASIDE) ? 'doubtful' : 'fine', words);
    }
    text(this.#about, `${pool.balance} · ${count(all, 'backend')} · ${whole(inFlight)} in flight`);
  }

  #makeCharts(name) {
    const charts = {
      requests: new Chart('Requests/s', [{ label: '', color: '--chart-a' }], perSecond, 1, name),
      errors: new Chart('Errors', [{ label: '', color: '--chart-bad' }], percent, 0.05, name),
      latency: new Chart('Latency', [{ label: 'p50', color: '--chart-a' }, { label: 'p99', color: '--chart-b' }], millis, 1, name),
    };
    this.#chartsPlace.append(...Object.values(charts).map(({ element }) => element));
    return charts;
  }

  /** Ends the charts. */
  close() {
    if (this.#charts) {
      Object.values(this.#charts).forEach((chart) => chart.close());
      this.#chartsPlace.replaceChildren();
      this.#charts = null;
    }
  }
}
