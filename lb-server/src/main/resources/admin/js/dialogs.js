// Questions that wait for an answer. The browser's own dialogs hold the focus and give it back; Escape says no.

import { h } from './dom.js';

/**
 * Asks before something is done that clients may feel.
 *
 * @returns {Promise<boolean>}
 */
export async function confirmed(question, explanation, yes) {
  const answer = await ask(question, [h('p', {}, explanation)], yes);
  return answer !== null;
}

/**
 * Asks for the token.
 *
 * @returns {Promise<?string>} null if there is none to be had
 */
export async function askForToken(explanation) {
  const input = h('input', { type: 'password', autocomplete: 'off', required: true, 'aria-label': 'Token' });
  const answer = await ask('The token is needed', [
    h('p', {}, explanation),
    h('p', { class: 'soft' }, 'It is lb.admin.token of the configuration, and kept until this tab is closed.'),
    input,
  ], 'Use the token');
  return answer === null ? null : input.value;
}

function ask(title, content, yes) {
  return new Promise((resolve) => {
    const dialog = h('dialog', { 'aria-label': title });
    let answer = null;
    dialog.append(h('form', {
      method: 'dialog',
      on: {
        submit: () => {
          answer = yes;
        },
      },
    },
    h('h2', {}, title),
    ...content,
    h('div', { class: 'buttons' },
      h('button', { type: 'button', on: { click: () => dialog.close() } }, 'Cancel'),
      h('button', { type: 'submit', class: 'strong' }, yes))));
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
