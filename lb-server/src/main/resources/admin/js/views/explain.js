// Who would get a request now, and why nobody else does: of a pool, or for a request that is described.

import * as api from '../api.js';
import { attribute, h, text } from '../dom.js';
import { clock, count, whole, words } from '../format.js';
import { Badge } from '../icons.js';

const ROWS = 400;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The shape of a code: `eligible` and those that lessen, else it is out. */
const SHAPES = {
  eligible: 'closed', slow_start: 'half-open', protected: 'doubtful', circuit_open: 'open', half_open_busy: 'half-open',
  tripped: 'tripped', unhealthy: 'open', draining: 'aside', disabled: 'aside', overloaded: 'doubtful', lower_priority: 'aside',
};

export class ExplainView {
  #state;
  #pool = h('select', { name: 'pool', 'aria-label': 'Pool' });
  #method = h('select', { name: 'method', 'aria-label': 'Method' }, ...METHODS.map((method) => h('option', {}, method)));
  #host = h('input', { name: 'host', placeholder: 'any host', 'aria-label': 'Host', autocomplete: 'off', spellcheck: 'false' });
  #path = h('input', { name: 'path', placeholder: '/path', 'aria-label': 'Path', required: true, pattern: '/.*', title: 'begins with /', autocomplete: 'off', spellcheck: 'false' });
  #verdict = h('p', { class: 'verdict', role: 'status' });
  #answer = h('div');
  #names = '';
  #question = null;
  #asked = 0;
  #shown = null;

  constructor(root, state) {
    this.#state = state;
    this.#pool.addEventListener('change', () => this.#ask({ pool: this.#pool.value }));
    root.append(
      h('p', { class: 'soft intro' }, 'The same choice as for a request, without sending one: which backends could get it now, and what keeps the others out.'),
      h('div', { class: 'questions' },
        h('form', { class: 'question', on: { submit: (event) => this.#submit(event, { pool: this.#pool.value }) } },
          h('h2', {}, 'A pool'), h('div', { class: 'fields' }, this.#pool, h('button', { type: 'submit' }, 'Explain'))),
        h('form', { class: 'question', on: { submit: (event) => this.#submit(event, this.#request()) } },
          h('h2', {}, 'A request'), h('div', { class: 'fields' }, this.#method, this.#host, this.#path, h('button', { type: 'submit' }, 'Explain')))),
      this.#verdict, this.#answer);
  }

  update(state) {
    const names = state.pools.map(({ name }) => name);
    if (JSON.stringify(names) !== this.#names) {
      this.#names = JSON.stringify(names);
      const { value } = this.#pool;
      this.#pool.replaceChildren(...names.map((name) => h('option', { value: name }, name)));
      this.#pool.value = names.includes(value) ? value : names[0] ?? '';
    }
    this.#question ??= names.length > 0 ? { pool: names[0] } : null;
    // Asked again whenever there is news, so that it stays true.
    if (this.#question && state.connection !== 'paused' && this.#asked !== state.readAt) {
      this.#asked = state.readAt;
      this.#ask(this.#question);
    }
  }

  #submit(event, question) {
    event.preventDefault();
    this.#ask(question);
  }

  #request() {
    const host = this.#host.value.trim();
    return { path: this.#path.value, method: this.#method.value, ...(host ? { host } : {}) };
  }

  async #ask(question) {
    this.#question = question;
    try {
      const answer = await api.explain(question);
      if (question === this.#question) {
        this.#show(question, answer);
      }
    } catch (error) {
      if (question === this.#question) {
        text(this.#verdict, error.status ? error.message : 'the balancer did not answer');
        this.#shown = null;
        this.#answer.replaceChildren();
      }
    }
  }

  #show(question, { pool, route, candidates, fallbacks }) {
    // A backend has a candidate for each route that has circuits of its own.
    const all = new Set(candidates.map(({ id }) => id)).size;
    const eligible = new Set(candidates.filter((candidate) => candidate.eligible).map(({ id }) => id)).size;
    const then = fallbacks?.length ? ` If none does: ${fallbacks.join(', then ')}.` : '';
    const what = question.pool === undefined ? `${question.method} ${question.host ?? ''}${question.path}` : 'A request';
    const way = route === null || route === undefined ? `to pool ${pool}` : `takes route ${route} to pool ${pool}`;
    text(this.#verdict, eligible === 0
      ? `${what} ${way}: no backend can take it now.${then}`
      : `${what} ${way}: ${whole(eligible)} of ${count(all, 'backend')} can take it now.${then}`);
    const shown = JSON.stringify(candidates);
    if (shown === this.#shown) {
      return;
    }
    this.#shown = shown;
    const sorted = [...candidates].sort((a, b) => Number(a.eligible) - Number(b.eligible));
    this.#answer.replaceChildren(
      h('ul', { class: 'candidates' }, ...sorted.slice(0, ROWS).map(candidateItem)),
      h('p', { class: 'soft' }, sorted.length > ROWS ? `${whole(ROWS)} of ${whole(sorted.length)} are shown, those that cannot take it first.` : ''));
    attribute(this.#answer, 'data-pool', pool);
  }
}

function candidateItem({ id, route, eligible, code, reason, since, until }) {
  const times = [since && ['since', since], until && ['until', until]].filter(Boolean);
  return h('li', { class: eligible ? 'eligible' : 'refused', 'data-backend': id },
    h('span', { class: 'name' }, id, ...(route ? [h('span', { class: 'soft' }, ` route ${route}`)] : [])),
    new Badge().show(SHAPES[code] ?? (eligible ? 'closed' : 'open'), words(code)),
    h('span', { class: 'reason' }, reason),
    h('span', { class: 'soft times' }, ...times.flatMap(([word, at], i) =>
      [`${i ? ', ' : ''}${word} `, h('time', { datetime: at }, clock(at))])));
}
