/** The line between before and after: a slider for mouse, touch, pen and keyboard. */

import { el } from './dom.js';

const STEP = 2;
const PAGE = 10;

/**
 * @param {HTMLElement} frame gets the custom property --split
 * @param {{ anywhere: boolean }} how whether the whole picture can be dragged, or the handle alone
 */
export function makeDivider(frame, { anywhere }) {
  const handle = el('div', {
    class: 'divider',
    role: 'slider',
    tabindex: 0,
    'aria-label': 'Before and after',
    'aria-valuemin': 0,
    'aria-valuemax': 100,
    'aria-orientation': 'horizontal',
  });
  let value = 50;
  /** @param {number} wanted */
  const set = (wanted) => {
    value = Math.min(100, Math.max(0, wanted));
    frame.style.setProperty('--split', `${value}%`);
    handle.setAttribute('aria-valuenow', String(Math.round(value)));
    handle.setAttribute('aria-valuetext', `${Math.round(value)} % before, the rest in colour`);
  };
  handle.addEventListener('keydown', (event) => {
    const by = stepOf(event.key, value);
    if (by === null) return;
    event.preventDefault();
    event.stopPropagation();
    set(value + by);
  });
  follow(anywhere ? frame : handle, frame, handle, set);
  set(50);
  return { handle, set };
}

/** @param {string} key @param {number} value */
function stepOf(key, value) {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return -STEP;
    case 'ArrowRight':
    case 'ArrowUp':
      return STEP;
    case 'PageDown':
      return -PAGE;
    case 'PageUp':
      return PAGE;
    case 'Home':
      return -value;
    case 'End':
      return 100 - value;
    default:
      return null;
  }
}

/**
 * @param {HTMLElement} target what is pressed
 * @param {HTMLElement} frame what its width is measured in
 * @param {HTMLElement} handle
 * @param {(value: number) => void} set
 */
function follow(target, frame, handle, set) {
  /** @param {PointerEvent} event */
  const move = (event) => {
    const box = frame.getBoundingClientRect();
    set(((event.clientX - box.left) / box.width) * 100);
  };
  target.addEventListener('pointerdown', (event) => {
    const pressed = /** @type {Element} */ (event.target);
    if (event.button !== 0 || pressed.closest('button, a')) return;
    event.stopPropagation();
    target.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    move(event);
    target.addEventListener('pointermove', move);
  });
  for (const end of ['pointerup', 'pointercancel']) {
    target.addEventListener(end, () => target.removeEventListener('pointermove', move));
  }
}
