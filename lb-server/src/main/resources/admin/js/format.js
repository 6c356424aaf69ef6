// Figures and times as words. What is not known is a dash.

export const NONE = '–';

const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
/** By the number of decimals; making one is slow. */
const FORMATS = [0, 1, 2].map((digits) => new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }));

/** @param {?number} value a rate of events a second */
export function perSecond(value) {
  if (!known(value)) {
    return NONE;
  }
  return value >= 99_950 ? COMPACT.format(value) : decimals(value, value > 0 && value < 9.95 ? 1 : 0);
}

/** @param {?number} ratio 0 to 1 */
export function percent(ratio) {
  if (!known(ratio)) {
    return NONE;
  }
  const exact = ratio * 100;
  if (exact > 0 && exact < 0.05) {
    return '< 0.1 %';
  }
  return `${decimals(exact, exact > 0 && exact < 9.95 ? 1 : 0)} %`;
}

/** @param {?number} value milliseconds */
export function millis(value) {
  if (!known(value)) {
    return NONE;
  }
  if (value >= 999.5) {
    return `${decimals(value / 1000, 2)} s`;
  }
  return `${decimals(value, value > 0 && value < 9.95 ? 1 : 0)} ms`;
}

/** @param {?number} value */
export function whole(value) {
  return known(value) ? decimals(value, 0) : NONE;
}

/** @param {?number} seconds */
export function duration(seconds) {
  if (!known(seconds)) {
    return NONE;
  }
  if (Math.round(seconds) < 60) {
    return `${decimals(seconds, seconds < 9.95 && !Number.isInteger(seconds) ? 1 : 0)} s`;
  }
  const rounded = Math.round(seconds);
  const units = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  const first = units.findIndex(([, size]) => rounded >= size);
  const [unit, size] = units[first];
  const [smaller, part] = units[first + 1];
  const rest = Math.floor((rounded % size) / part);
  return `${Math.floor(rounded / size)} ${unit}${rest ? ` ${rest} ${smaller}` : ''}`;
}

/** The time of day, here; with the date if that is another day. */
export function clock(iso) {
  const at = new Date(iso);
  const time = at.toLocaleTimeString('en-GB');
  return at.toDateString() === new Date().toDateString() ? time : `${at.toLocaleDateString('en-CA')} ${time}`;
}

/** "1 backend", "2 backends". */
export function count(number, noun) {
  return `${whole(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** A label of the API as words. */
export function words(label) {
  return label.replaceAll('_', ' ');
}

function known(value) {
  return value !== null && value !== undefined;
}

function decimals(value, digits) {
  return FORMATS[digits].format(value);
}
