// What an operator does to a backend: asks where it hurts, sends it, and says how it went.

import * as api from './api.js';
import { askForToken, confirmed } from './dialogs.js';

const LABELS = { enable: 'Enable', drain: 'Drain', disable: 'Disable', trip: 'Trip', reset: 'Reset' };

const QUESTIONS = {
  trip: (id) => [`Trip ${id}?`, 'Its circuit opens, and it gets no requests until the circuit is reset by hand.', 'Trip'],
  disable: (id) => [`Disable ${id}?`, 'It gets no new requests and no health checks, and its idle connections are closed.', 'Disable'],
};

/** The word on the button of an action. */
export function actionLabel(action) {
  return LABELS[action];
}

export class Operator {
  #state;
  #live;
  #say;

  /** @param {function(string)} say shows a message */
  constructor(state, live, say) {
    this.#state = state;
    this.#live = live;
    this.#say = say;
  }

  /** Does something to a backend, after a question where it takes the backend out at once. */
  async act(pool, id, action) {
    const question = QUESTIONS[action]?.(id);
    if (question && !(await confirmed(...question))) {
      return;
    }
    for (;;) {
      try {
        await api.act(pool, id, action);
        this.#say('');
        this.#live.refresh();
        return;
      } catch (error) {
        if (error.status !== 401) {
          this.#failed(error, action, id);
          return;
        }
        if (!(await this.enterToken())) {
          return;
        }
      }
    }
  }

  #failed(error, action, id) {
    if (error.status === 403) {
      this.#state.set({ readOnly: error.message });
    } else {
      this.#say(`${LABELS[action]} ${id}: ${error.status ? error.message : 'the balancer did not answer'}`);
    }
  }

  /** @returns whether there is another token to try */
  async enterToken() {
    const refused = api.token() !== null;
    const secret = await askForToken(refused ? 'The token was refused.' : 'The balancer asks for it.');
    if (secret === null) {
      return false;
    }
    api.keepToken(secret);
    this.#live.start();
    return true;
  }
}
