// The shapes that tell states apart without their colours.

import { svg } from './dom.js';

const LINE = { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.8, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
const FULL = { fill: 'currentColor', stroke: 'none' };

/** By name: shapes on a field of 16 × 16. */
const SHAPES = {
  // A disc with a tick.
  closed: [['circle', { cx: 8, cy: 8, r: 7, ...FULL }], ['path', { d: 'M4.8 8.3l2.2 2.2 4.2-4.6', ...LINE, class: 'cut' }]],
  // A square with a cross.
  open: [['rect', { x: 1.2, y: 1.2, width: 13.6, height: 13.6, rx: 2.5, ...FULL }], ['path', { d: 'M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6', ...LINE, class: 'cut' }]],
  // A disc, half of it full.
  'half-open': [['circle', { cx: 8, cy: 8, r: 6.1, ...LINE }], ['path', { d: 'M8 1.9a6.1 6.1 0 0 1 0 12.2z', ...FULL }]],
  // A stop sign with a bar.
  tripped: [['path', { d: 'M5 1.2h6L14.8 5v6L11 14.8H5L1.2 11V5z', ...FULL }], ['path', { d: 'M4.8 8h6.4', ...LINE, class: 'cut' }]],
  // A triangle.
  doubtful: [['path', { d: 'M8 2l6.4 11.6H1.6z', ...LINE }], ['path', { d: 'M8 6.4v3.2M8 11.6v.1', ...LINE }]],
  // A ring with two bars.
  aside: [['circle', { cx: 8, cy: 8, r: 6.1, ...LINE }], ['path', { d: 'M6.4 5.8v4.4M9.6 5.8v4.4', ...LINE }]],
  // A broken ring.
  unknown: [['circle', { cx: 8, cy: 8, r: 6.1, ...LINE, 'stroke-dasharray': '2.4 3' }]],
  // A caret.
  more: [['path', { d: 'M5.5 3.5L10.5 8l-5 4.5', ...LINE }]],
};

const OTHER_NAMES = { fine: 'closed', out: 'open', healthy: 'closed', unhealthy: 'open', suspect: 'doubtful', unchecked: 'unknown', draining: 'aside', disabled: 'aside' };

/** A shape for a state. The word stands beside it, so readers skip it. */
export function icon(name) {
  return svg('svg', { viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true', focusable: 'false' },
    ...SHAPES[OTHER_NAMES[name] ?? name].map(([tag, attributes]) => svg(tag, attributes)));
}

/** A state as shape, colour and word, which can be changed. */
export class Badge {
  element = document.createElement('span');
  #name = null;
  #word = null;

  /**
   * @param {string} name of the shape and the colour
   * @param {string} word
   */
  show(name, word) {
    if (name !== this.#name || word !== this.#word) {
      this.#name = name;
      this.#word = word;
      this.element.className = `badge is-${name}`;
      this.element.replaceChildren(icon(name), word);
    }
    return this.element;
  }
}
