// One backend: a row of figures, and what there is to know beyond when it is opened.

import { Sparkline, newest } from '../charts.js';
import { Bar, attribute, h, keyed, text } from '../dom.js';
import { clock, duration, millis, percent, perSecond, whole, words } from '../format.js';
import { Badge, icon } from '../icons.js';
import { actionLabel } from '../actions.js';
import { actions, circuitKind, circuits, observes, severity, severityName, slowStart, whyOpen } from '../model.js';
import { Sentence } from './sentence.js';

const HEALTH = { healthy: 'healthy', unhealthy: 'unhealthy', unknown: 'not known yet', unchecked: 'not checked' };

/** The cell's label is what the head of its column says, where rows become cards. */
function cell(label, name, ...content) {
  return h('td', { role: 'cell', class: name, 'data-label': label }, ...content);
}

export class Row {
  #state;
  #operator;
  #given;
  #name = h('span', { class: 'name' });
  #toggle = h('button', { type: 'button', class: 'toggle', 'aria-expanded': 'false', on: { click: () => this.#open() } }, icon('more'), this.#name);
  #sentence = new Sentence(true);
  #circuit = new Badge();
  #circuitCell = cell('Circuit', 'circuit');
  #observes = h('span', { class: 'tag', title: 'It refuses nobody: it only counts what it would have refused.' }, 'observes');
  #health = new Badge();
  #admin = new Badge();
  #share = h('span', { class: 'figure' });
  #bar = new Bar();
  #slow = h('span', { class: 'tag', title: 'It has come back, and gets this part of its weight.' });
  #inFlight = h('td', { role: 'cell', class: 'number', 'data-label': 'In flight' });
  #spark = new Sparkline();
  #rate = h('span', { class: 'figure' });
  #errors = cell('Errors', 'traffic number');
  #p50 = cell('p50', 'traffic number');
  #p99 = cell('p99', 'traffic number');
  #buttons = h('div', { class: 'buttons' });
  #keptButtons = new Map();
  #main;
  #details = null;

  constructor(state, operator) {
    this.#state = state;
    this.#operator = operator;
    this.#circuitCell.append(this.#circuit.element, this.#observes);
    this.#main = h('tr', { role: 'row' },
      h('th', { scope: 'row', role: 'rowheader', class: 'id' }, this.#toggle, this.#sentence.element),
      this.#circuitCell,
      cell('Health', 'health', this.#health.element, this.#admin.element),
      cell('Share', 'share number', this.#share, this.#bar.element, this.#slow),
      this.#inFlight,
      cell('Requests/s', 'traffic number rate', this.#spark.element, this.#rate),
      this.#errors, this.#p50, this.#p99,
      cell('Actions', 'actions', this.#buttons));
    this.element = h('tbody', { role: 'rowgroup' }, this.#main);
  }

  update(given) {
    this.#given = given;
    const { pool, backend, traffic } = given;
    attribute(this.element, 'class', `backend is-${severityName(severity(backend))}`);
    attribute(this.element, 'data-backend', backend.id);
    text(this.#name, backend.id);
    this.#sentence.show(this.#state, pool, backend);
    this.#circuit.show(circuitKind(backend.breaker), circuitKind(backend.breaker));
    this.#observes.hidden = !observes(backend.breaker);
    this.#circuitCell.classList.toggle('observing', observes(backend.breaker));
    this.#health.show(backend.suspect ? 'suspect' : backend.health, backend.suspect ? 'suspect' : HEALTH[backend.health]);
    this.#admin.show(backend.adminState === 'enabled' ? 'unknown' : backend.adminState, backend.adminState);
    this.#admin.element.hidden = backend.adminState === 'enabled';
    text(this.#share, percent(backend.share));
    this.#bar.show(backend.share);
    const factor = this.#startsSlowly(pool) ? slowStart(pool, backend) : null;
    text(this.#slow, factor === null ? '' : `slow start ${percent(factor)}`);
    this.#slow.hidden = factor === null;
    text(this.#inFlight, whole(backend.inFlight));
    if (traffic) {
      this.#spark.update(traffic.requestsPerSecond);
    }
    text(this.#rate, perSecond(newest(traffic?.requestsPerSecond)));
    const errors = newest(traffic?.errorRate);
    text(this.#errors, percent(errors));
    this.#errors.classList.toggle('bad', errors > 0);
    text(this.#p50, millis(newest(traffic?.p50Millis)));
    text(this.#p99, millis(newest(traffic?.p99Millis)));
    keyed(this.#buttons, this.#keptButtons, this.#state.readOnly === null ? actions(backend) : [], (action) => action, (action) => ({
      element: h('button', {
        type: 'button', 'aria-label': `${actionLabel(action)} ${backend.id}`, on: { click: () => this.#act(action) },
      }, actionLabel(action)),
      update: () => {},
    }));
    this.#details?.update(given);
  }

  #startsSlowly(pool) {
    return Boolean(this.#state.config?.pools?.[pool.name]?.['slow-start']?.enabled);
  }

  async #act(action) {
    await this.#operator.act(this.#given.pool.name, this.#given.backend.id, action);
  }

  #open() {
    const opens = this.#details === null;
    attribute(this.#toggle, 'aria-expanded', String(opens));
    if (opens) {
      this.#details = new Details(this.#state);
      this.#details.update(this.#given);
      this.element.append(this.#details.element);
    } else {
      this.#details.element.remove();
      this.#details = null;
    }
  }
}

/** Rebuilt when something in it has changed, which is seldom more than a few figures. */
class Details {
  #state;
  #shown = null;
  #content = h('td', { role: 'cell', colspan: 10 });
  element = h('tr', { role: 'row', class: 'details' }, this.#content);

  constructor(state) {
    this.#state = state;
  }

  update({ pool, backend }) {
    const shown = JSON.stringify(backend);
    if (shown === this.#shown) {
      return;
    }
    this.#shown = shown;
    const settings = this.#state.config?.pools?.[pool.name]?.breaker;
    this.#content.replaceChildren(h('div', { class: 'panels' },
      list('Backend', [
        ['Address', backend.url], ['Weight', whole(backend.weight)], ['Priority', whole(backend.priority)],
        ['Attempts', whole(backend.requests)], ['Succeeded', whole(backend.successes)], ['Failed', whole(backend.failures)],
        ['Refused by its circuit', whole(backend.rejected)],
      ]),
      ...circuits(backend).map(({ route, breaker }) =>
        list(route === null ? 'Circuit' : `Circuit for route ${route}`, circuitFigures(backend, route, breaker, settings))),
      h('div', { class: 'panel wide' }, h('h3', {}, 'Latest changes'), changes(backend.transitions))));
  }
}

function circuitFigures(backend, route, breaker, settings) {
  const limit = settings?.['consecutive-failures'];
  const { window, observed } = breaker;
  const rates = [
    ['Failure rate', breaker.failureRate, settings?.window?.['failure-rate']],
    ['Slow-call rate', breaker.slowCallRate, settings?.window?.['slow-call-rate']],
  ].filter(([, rate]) => rate !== null);
  return [
    ['State', circuitKind(breaker) + (observes(breaker) ? ', only observed' : '')],
    ...(breaker.state === 'open' ? [['Opened', clock(breaker.openedAt)], ['Why', whyOpen(backend, { route, breaker })]] : []),
    ['Failures in a row', whole(breaker.consecutiveFailures) + (limit ? ` of ${limit}` : '')],
    ...(window ? [['In its window', `${whole(window.calls)} calls: ${whole(window.failures)} failed, ${whole(window.slowCalls)} slow`]] : []),
    ...rates.map(([label, rate, most]) => [label, percent(rate) + (most ? `; opens at ${most.replace('%', ' %')}` : '')]),
    ...(observed ? [
      ['Would have refused', whole(observed.wouldReject)],
      ['… that failed', `${whole(observed.failuresSaved)} (${duration(observed.secondsSaved)} saved)`],
      ['… that succeeded', whole(observed.falseTrips)],
    ] : []),
  ];
}

function list(title, entries) {
  return h('div', { class: 'panel' }, h('h3', {}, title),
    h('dl', {}, ...entries.map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value)))));
}

function changes(transitions) {
  return transitions.length === 0
    ? h('p', { class: 'soft' }, 'none yet')
    : h('ol', { class: 'changes' }, ...transitions.toReversed().map((change) => h('li', {},
      h('time', { datetime: change.at }, clock(change.at)), h('span', {}, changeText(change)))));
}

/** A change of a circuit in words. */
export function changeText({ from, to, reason, figures, route }) {
  return `${route ? `route ${route}: ` : ''}${from} → ${to}, ${words(reason)}${figures ? `: ${figures}` : ''}`;
}
