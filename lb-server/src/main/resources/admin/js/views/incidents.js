// What happened: each trip as an incident, the newest first, and the latest changes of all circuits.

import { Bar, h, keyed, svg, text } from '../dom.js';
import { clock, count, duration, millis, words } from '../format.js';
import { Badge } from '../icons.js';
import { latestChanges, verdict } from '../model.js';
import { changeText } from './row.js';

const CHANGES = 20;
const BAR = 8;
const STRIP_HEIGHT = 44;
const LEAST_HEIGHT = 5;

export class IncidentsView {
  #summary = h('p', { class: 'soft', role: 'status' });
  #list = h('ol', { class: 'incidents' });
  #kept = new Map();
  #incidents = h('section', { 'aria-label': 'Incidents' }, h('h2', {}, 'Incidents'), this.#summary, this.#list);
  #changes = h('ol', { class: 'changes' });
  #noChanges = h('p', { class: 'soft' }, 'none yet');
  #shown = null;

  constructor(root) {
    root.append(this.#incidents, h('section', { class: 'latest', 'aria-label': 'Latest changes' }, h('h2', {}, 'Latest changes'), this.#changes, this.#noChanges));
  }

  update(state) {
    this.#incidents.hidden = state.incidents === null;
    const incidents = state.incidents ?? [];
    const going = incidents.filter(({ endedAt }) => endedAt === null).length;
    text(this.#summary, incidents.length === 0 ? 'No circuit has opened since the balancer started.'
      : `${count(incidents.length, 'incident')}, ${going === 0 ? 'all over' : `${going} going on`}; the newest first.`);
    keyed(this.#list, this.#kept, incidents, ({ id }) => String(id), () => new Incident());
    this.#showChanges(state.pools);
  }

  #showChanges(pools) {
    const changes = latestChanges(pools, CHANGES);
    const shown = JSON.stringify(changes);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#changes.replaceChildren(...changes.map((change) => h('li', {},
        h('time', { datetime: change.at }, clock(change.at)),
        h('span', {}, h('b', {}, `${change.pool}/${change.backend}`), ` ${changeText(change)}`))));
      this.#noChanges.hidden = changes.length > 0;
    }
  }
}

class Incident {
  #badge = new Badge();
  #who = h('b');
  #what = h('span');
  #when = h('span', { class: 'soft' });
  #body = h('div', { class: 'incident-body' });
  #shown = null;
  element = h('li', {}, h('details', {},
    h('summary', {}, this.#badge.element, h('span', { class: 'incident-line' }, this.#who, ' ', this.#what), this.#when), this.#body));

  update(incident) {
    const shown = JSON.stringify(incident);
    if (shown === this.#shown) {
      return;
    }
    this.#shown = shown;
    const { endedAt, pool, backend, route, mode, reason, figures, startedAt, durationSeconds } = incident;
    const observed = mode === 'observe';
    this.#badge.show(endedAt ? 'closed' : reason === 'manual' ? 'tripped' : 'open', endedAt ? 'over' : 'going on');
    text(this.#who, `${pool}/${backend}${route ? `, route ${route}` : ''}`);
    text(this.#what, `${words(reason)}${figures ? `: ${figures}` : ''}${observed ? ' (only observed)' : ''}`);
    text(this.#when, `${clock(startedAt)}${endedAt ? `, ${duration(durationSeconds)}` : ''}`);
    this.#body.replaceChildren(
      h('dl', {},
        entry('Began', clock(startedAt)),
        entry('Decided', incident.decision),
        entry('Opened again', incident.reopenings === 0 ? 'never' : count(incident.reopenings, 'time')),
        entry('Ended', endedAt ? `${clock(endedAt)}, ${END[incident.end] ?? words(incident.end ?? '')}` : 'not yet'),
        ...(endedAt ? [entry('Lasted', duration(durationSeconds))] : [])),
      ...latency(incident.latency),
      ...strip(incident.outcomes));
  }
}

const END = { probe_succeeded: 'a probe succeeded', manual: 'reset by hand', removed: 'the backend was removed' };

function entry(term, value) {
  return h('div', {}, h('dt', {}, term), h('dd', {}, value));
}

/** Whether it was slow by itself, or all were. */
function latency(told) {
  if (!told || told.p50Millis === null) {
    return [];
  }
  const { p50Millis, peersP50Millis, peers } = told;
  const most = Math.max(p50Millis, peersP50Millis ?? 0) || 1;
  const bar = (label, value) => h('div', { class: 'compare' }, h('span', {}, label),
    new Bar().show(value / most), h('span', { class: 'figure' }, millis(value)));
  return [h('h3', {}, 'Median latency before it'),
    h('div', { class: 'compares' }, bar('This backend', p50Millis),
      ...(peersP50Millis === null ? [] : [bar(`Its ${count(peers, 'peer')}`, peersP50Millis)]))];
}

/** The last outcomes, the oldest first: a bar each, as high as it took long (on a logarithmic scale); failures have a foot. */
function strip(outcomes) {
  if (!outcomes?.length) {
    return [];
  }
  const logs = outcomes.map(({ latencyMillis }) => Math.log10(1 + (latencyMillis ?? 0)));
  const most = Math.max(...logs, 1);
  const width = outcomes.length * BAR;
  const totals = new Map();
  outcomes.forEach(({ outcome }) => totals.set(outcome, (totals.get(outcome) ?? 0) + 1));
  const told = [...totals].map(([outcome, number]) => `${number} ${words(outcome)}`).join(', ');
  return [h('h3', {}, `The last ${count(outcomes.length, 'outcome')} before it`),
    svg('svg', { class: 'strip', viewBox: `0 0 ${width} ${STRIP_HEIGHT + 8}`, width, height: STRIP_HEIGHT + 8, role: 'img', 'aria-label': told },
      ...outcomes.map(({ at, outcome, latencyMillis }, i) => {
        const height = LEAST_HEIGHT + (logs[i] / most) * (STRIP_HEIGHT - LEAST_HEIGHT);
        const kind = verdict(outcome);
        return svg('g', { class: `outcome ${kind}` }, svg('title', {}, `${clock(at)} ${words(outcome)}, ${millis(latencyMillis)}`),
          svg('rect', { x: i * BAR + 1, y: STRIP_HEIGHT - height, width: BAR - 2, height, rx: 1 }),
          ...(kind === 'failure' ? [svg('path', { d: `M${i * BAR + 1.5} ${STRIP_HEIGHT + 2.5}l5 5m0 -5l-5 5` })] : []));
      })),
    h('p', { class: 'soft' }, `${told}; the oldest first, as high as they took long; failures have a cross below.`)];
}
