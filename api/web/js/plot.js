/** Small plots as SVG, with their numbers for those who do not see them. */

import { el, svg } from './dom.js';

const WIDTH = 600;
const HEIGHT = 120;

/**
 * Bars on bars: one column for each item.
 *
 * @param {string} label
 * @param {{ name: string, parts: { kind: string, value: number }[] }[]} columns
 */
export function bars(label, columns) {
  const most = Math.max(1, ...columns.map((each) => sum(each.parts)));
  const step = WIDTH / Math.max(1, columns.length);
  const drawn = columns.flatMap(({ name, parts }, index) => {
    let top = HEIGHT;
    return parts
      .filter((part) => part.value > 0)
      .map(({ kind, value }) => {
        const height = Math.max(1, (value / most) * HEIGHT);
        top -= height;
        const bar = {
          class: kind,
          x: index * step + 1,
          y: top,
          width: Math.max(1, step - 2),
          height,
          rx: 1.5,
        };
        return svg('rect', bar, svg('title', {}, `${name}: ${value} ${kind}`));
      });
  });
  return frame(label, most, ...drawn);
}

/** @param {string} label @param {number[]} values @param {number} room for how many values */
export function line(label, values, room) {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, room - 1);
  const left = WIDTH - step * (values.length - 1);
  const points = values.map(
    (value, index) => `${left + index * step},${HEIGHT - (value / most) * (HEIGHT - 4) - 2}`,
  );
  const area = points.length ? `${left},${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}` : '';
  return frame(
    label,
    most,
    svg('polygon', { class: 'area', points: area }),
    svg('polyline', { class: 'line', points: points.join(' ') }),
  );
}

/**
 * @param {string} label
 * @param {number} most the value at the upper end
 * @param {...SVGElement} children
 */
function frame(label, most, ...children) {
  const picture = svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'aria-label': label,
      preserveAspectRatio: 'none',
    },
    svg('line', { class: 'axis', x1: 0, x2: WIDTH, y1: 0, y2: 0 }),
    svg('line', { class: 'axis', x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT }),
    ...children,
  );
  const scale = [most.toLocaleString(), '0'].map((text) =>
    el('span', { 'aria-hidden': 'true' }, text),
  );
  return el('div', { class: 'plot' }, picture, el('div', { class: 'scale' }, ...scale));
}

/** @param {{ value: number }[]} parts */
function sum(parts) {
  return parts.reduce((total, part) => total + part.value, 0);
}
