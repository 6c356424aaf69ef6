// Charts of a pool's traffic over the last minutes, and the small lines beside a backend's figures.

import uPlot from '/uplot/uPlot.esm.js';
import { attribute, h, svg, text } from './dom.js';
import { clock } from './format.js';
import { onThemeChange } from './theme.js';

const HEIGHT = 96;
/** Of the time axis; a balancer that was started just now has a shorter history. */
const SPAN_SECONDS = 300;
const AXIS_WIDTH = 46;
const FONT = '11px system-ui, sans-serif';
const charts = new Set();

onThemeChange(() => charts.forEach((chart) => chart.redraw()));

/** The end of each sample in seconds since 1970. */
export function times(traffic, samples) {
  const newest = Date.parse(traffic.at) / 1000;
  return Array.from({ length: samples }, (_, i) => newest - (samples - 1 - i) * traffic.intervalSeconds);
}

/** The newest sample. */
export function newest(samples) {
  return samples?.at(-1) ?? null;
}

/** A titled chart with one or two lines; the second is dashed. */
export class Chart {
  #lines;
  #title;
  #format;
  #values;
  #when;
  #canvas;
  #plot = null;
  #data = null;
  #sizes;

  /**
   * @param {string} title
   * @param {Array<{label: string, color: string}>} lines color is a property of the style sheet
   * @param {function(?number): string} format of a value
   * @param {?number} most what the axis shows at least
   * @param {string} group the charts whose cursors move together
   */
  constructor(title, lines, format, most, group) {
    this.#title = title;
    this.#lines = lines;
    this.#format = format;
    this.#values = lines.map(() => h('span', { class: 'figure' }));
    this.#when = h('span', { class: 'when' });
    this.#canvas = h('div', { class: 'plot', role: 'img' });
    this.most = most;
    this.group = group;
    this.element = h('figure', { class: 'chart' },
      h('figcaption', {},
        h('span', { class: 'chart-title' }, title, this.#when),
        h('span', { class: 'figures' }, ...lines.flatMap(({ label }, i) =>
          label ? [h('span', { class: `line line-${i}` }, label), this.#values[i]] : [this.#values[i]]))),
      this.#canvas);
    this.#sizes = new ResizeObserver(() => this.#resize());
    this.#sizes.observe(this.#canvas);
  }

  /** Shows other data: the times, then the values of each line. */
  update(data) {
    this.#data = data;
    const [, ...series] = data;
    const told = series.map((values, i) => {
      const there = values.filter((value) => value !== null);
      const range = there.length ? `, at most ${this.#format(Math.max(...there))}` : '';
      return `${this.#lines[i].label ? `${this.#lines[i].label} ` : ''}now ${this.#format(newest(values))}${range}`;
    });
    attribute(this.#canvas, 'aria-label', `${this.#title} over the last minutes: ${told.join('; ')}`);
    if (this.#plot) {
      this.#plot.setData(data);
    } else {
      this.#resize();
    }
    this.#tell(this.#plot?.cursor.idx ?? null);
  }

  redraw() {
    this.#plot?.redraw(false);
  }

  /** Ends what watches it. */
  close() {
    this.#sizes.disconnect();
    charts.delete(this);
    this.#plot?.destroy();
    this.#plot = null;
  }

  /** The values at the cursor, or the newest ones. */
  #tell(index) {
    const [at, ...series] = this.#data;
    series.forEach((values, i) => text(this.#values[i], this.#format(index === null ? newest(values) : values[index])));
    text(this.#when, index === null || at[index] === undefined ? '' : ` at ${clock(at[index] * 1000)}`);
  }

  #resize() {
    const width = this.#canvas.clientWidth;
    if (width === 0 || !this.#data) {
      return;
    }
    if (this.#plot) {
      this.#plot.setSize({ width, height: HEIGHT });
    } else {
      this.#plot = new uPlot(this.#options(width), this.#data, this.#canvas);
      charts.add(this);
    }
  }

  #options(width) {
    const color = (name) => getComputedStyle(this.#canvas).getPropertyValue(name);
    const axis = { stroke: () => color('--soft'), grid: { stroke: () => color('--grid'), width: 1 }, ticks: { show: false }, font: FONT };
    return {
      width,
      height: HEIGHT,
      padding: [8, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: this.group }, points: { size: 6 } },
      scales: { x: { range: (_, __, newestTime) => [newestTime - SPAN_SECONDS, newestTime] }, y: { range: (_, least, most) => [0, Math.max(this.most, (most ?? 0) * 1.1)] } },
      axes: [
        { ...axis, grid: { show: false }, size: 22, space: 45, incrs: [60, 120, 300], gap: 5, values: (_, at) => at.map((each) => clock(each * 1000).slice(-8, -3)) },
        { ...axis, size: AXIS_WIDTH, space: 28, gap: 4, values: (_, values) => values.map(this.#format) },
      ],
      series: [{}, ...this.#lines.map(({ color: name }, i) => ({
        stroke: () => color(name),
        fill: i === 0 ? () => color(`${name}-fill`) : undefined,
        width: 1.75,
        dash: i === 0 ? undefined : [5, 3],
        points: { show: false },
        spanGaps: false,
      }))],
      hooks: { setCursor: [(plot) => this.#data && this.#tell(plot.cursor.idx ?? null)] },
    };
  }
}

/** A line without axes; the figure beside it says the same, so readers skip it. */
export class Sparkline {
  #line = svg('polyline', { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.25, 'vector-effect': 'non-scaling-stroke' });
  element = svg('svg', { viewBox: '0 0 60 18', class: 'spark', preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' }, this.#line);

  update(values) {
    const most = Math.max(...values, 0) || 1;
    const step = 60 / Math.max(1, values.length - 1);
    attribute(this.#line, 'points', values.map((value, i) => `${(i * step).toFixed(1)},${(17 - ((value ?? 0) / most) * 16).toFixed(1)}`).join(' '));
  }
}
