// Seconds that are left, counted down on the page between two readings.

import { h, text } from './dom.js';

const TICK_MILLIS = 200;
const deadlines = new WeakMap();

/** Words with the seconds until a deadline, such as "tries again in 4 s". */
export function countdown(words, deadline) {
  const element = h('span', { class: 'countdown' });
  setCountdown(element, words, deadline);
  return element;
}

/** Gives a countdown other words or another deadline. */
export function setCountdown(element, words, deadline) {
  deadlines.set(element, { words, deadline });
  show(element);
}

/** @returns whether its time is over */
function show(element) {
  const { words, deadline } = deadlines.get(element);
  const left = deadline - performance.now();
  text(element, left > 0 ? `${words} in ${Math.ceil(left / 1000)} s` : `${words} now`);
  return left <= 0;
}

/**
 * Lets all countdowns of the page run.
 *
 * @param {function()} over called when one of them is over
 */
export function runCountdowns(over) {
  const done = new WeakMap();
  setInterval(() => {
    for (const element of document.getElementsByClassName('countdown')) {
      const { deadline } = deadlines.get(element);
      if (show(element) && done.get(element) !== deadline) {
        done.set(element, deadline);
        over();
      }
    }
  }, TICK_MILLIS);
}
