// What is to be said of a backend, in one sentence.

import { countdown, setCountdown } from '../countdown.js';
import { h } from '../dom.js';
import { circuitSentence, conditionSentence, tellingCircuits } from '../model.js';

export class Sentence {
  element = h('span', { class: 'sentence' });
  #said = null;
  #countdowns = [];
  #brief;

  /** @param {boolean} brief the circuit's state is told beside it, unless it is one of several */
  constructor(brief = false) {
    this.#brief = brief;
  }

  show(state, pool, backend) {
    const clauses = [
      ...conditionSentence(backend).map((part) => ({ words: part, route: null, countdown: null })),
      ...tellingCircuits(backend).map((circuit) => {
        const { state: is, parts, countdown: running } = circuitSentence(backend, circuit);
        const where = circuit.route === null ? '' : `route ${circuit.route}: `;
        const told = this.#brief && !where ? parts : [is, ...parts].filter(Boolean);
        return { words: where + told.join(', '), route: circuit.route, countdown: running };
      }),
    ];
    const said = JSON.stringify(clauses);
    if (said !== this.#said) {
      this.#said = said;
      this.#countdowns = [];
      this.element.replaceChildren(...clauses.flatMap((clause, i) => this.#clause(state, pool, backend, clause, i)));
    }
    this.#countdowns.forEach(({ element, words, route }) =>
      setCountdown(element, words, state.deadline(pool.name, backend.id, route) ?? 0));
  }

  #clause(state, pool, backend, { words, route, countdown: running }, index) {
    const before = index === 0 ? '' : '; ';
    if (!running) {
      return [before + words];
    }
    const element = countdown(running, state.deadline(pool.name, backend.id, route) ?? 0);
    this.#countdowns.push({ element, words: running, route });
    return [`${before}${words}, `, element];
  }
}
