// The top line: what is wrong, first.

import { h, keyed, text } from '../dom.js';
import { count } from '../format.js';
import { icon } from '../icons.js';
import { headline, severityName } from '../model.js';
import { Sentence } from './sentence.js';

const NAMED = 4;

export class Headline {
  #root;
  #announcement;
  #icon = h('span', { class: 'headline-icon' });
  #title = h('h1');
  #list = h('ul');
  #more = h('p', { class: 'soft' });
  #kept = new Map();
  #level = null;

  /**
   * @param {Element} root
   * @param {Element} announcement what readers are told when it changes; seconds that run down are not in it
   */
  constructor(root, announcement) {
    this.#root = root;
    this.#announcement = announcement;
    root.append(this.#icon, h('div', {}, this.#title, this.#list, this.#more));
  }

  update(state) {
    if (!state.readAt) {
      text(this.#title, state.connection === 'disconnected' ? 'The balancer does not answer'
        : state.connection === 'locked' ? 'The balancer tells only who has the token' : 'Asking the balancer …');
      this.#show('unknown');
      return;
    }
    const { title, level, backends } = headline(state.pools, state.notReady);
    this.#show(severityName(level));
    text(this.#title, title);
    keyed(this.#list, this.#kept, backends.slice(0, NAMED), ({ pool, backend }) => JSON.stringify([pool.name, backend.id]), () => problem(state));
    const rest = backends.length - NAMED;
    text(this.#more, rest > 0 ? `and ${count(rest, 'more backend')}` : '');
    this.#more.hidden = rest <= 0;
    document.title = `${title} – Breakwater`;
    text(this.#announcement, `${title}. ${backends.slice(0, NAMED).map(({ backend }) => backend.id).join(', ')}`);
  }

  #show(level) {
    if (level !== this.#level) {
      this.#level = level;
      this.#root.className = `headline is-${level}`;
      this.#icon.replaceChildren(icon(level));
    }
  }
}

function problem(state) {
  const name = h('b');
  const where = h('span', { class: 'soft' });
  const sentence = new Sentence();
  return {
    element: h('li', {}, name, where, ' — ', sentence.element),
    update: ({ pool, backend }) => {
      text(name, backend.id);
      text(where, state.pools.length > 1 ? ` in ${pool.name}` : '');
      sentence.show(state, pool, backend);
    },
  };
}
