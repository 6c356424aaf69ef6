// Elements without markup: whatever a name contains, it becomes text.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element.
 *
 * @param {string} tag
 * @param {object} properties attributes; `on` holds listeners by event, and what is null, undefined or false is left out
 * @param {...(Node|string)} children
 */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** Makes an element of SVG. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    attribute(element, name, value);
  }
  for (const [event, listener] of Object.entries(on)) {
    element.addEventListener(event, listener);
  }
  element.append(...children);
  return element;
}

/** Sets an attribute, or takes it away: null, undefined and false. */
export function attribute(element, name, value) {
  const wanted = value === true ? '' : value;
  if (wanted === null || wanted === undefined || wanted === false) {
    element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(wanted)) {
    element.setAttribute(name, wanted);
  }
}

/** Sets the text, if it differs: a selection and a reader's place stay. */
export function text(element, value) {
  if (element.textContent !== value) {
    element.textContent = value;
  }
}

/**
 * Brings the children of an element in line with a list: one child for each item, found again by its key.
 *
 * @param {Element} parent has no other children but the head
 * @param {Map<string, {element: Element, update: function}>} kept what was made before, by key; belongs to the parent
 * @param {Array} items
 * @param {function(object): string} key
 * @param {function(object): {element: Element, update: function(object), close: ?function()}} make
 * @param {?Element} head a child that stays before all
 */
export function keyed(parent, kept, items, key, make, head = null) {
  const focused = document.activeElement;
  const wanted = new Set(items.map(key));
  for (const [each, part] of kept) {
    if (!wanted.has(each)) {
      part.element.remove();
      part.close?.();
      kept.delete(each);
    }
  }
  let place = head ? head.nextElementSibling : parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    let part = kept.get(id);
    if (!part) {
      part = make(item);
      kept.set(id, part);
    }
    part.update(item);
    if (part.element === place) {
      place = place.nextElementSibling;
    } else {
      parent.insertBefore(part.element, place);
    }
  }
  // An element that is moved loses the focus.
  if (focused !== document.activeElement && parent.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
}

/** A bar for a part of a whole, 0 to 1; the figure beside it says the same, so readers skip it. */
export class Bar {
  #part = svg('rect', { height: 4 });
  element = svg('svg', { class: 'bar', viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' }, this.#part);

  show(part) {
    attribute(this.#part, 'width', Math.round(part * 1000) / 10);
    return this.element;
  }
}
