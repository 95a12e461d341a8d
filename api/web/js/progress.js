/** How far a photograph is: five steps, a word for where it is now, and milliseconds. */

import { el } from './dom.js';
import { duration } from './format.js';

const STEPS = /** @type {const} */ (['upload', 'queue', 'fetch', 'infer', 'store']);
/** @typedef {typeof STEPS[number]} Step */

/** @type {Record<Step, string>} */
const WORDS = {
  upload: 'Uploading',
  queue: 'Waiting for a worker',
  fetch: 'Reading',
  infer: 'Colouring',
  store: 'Saving',
};

/** @type {Set<Progress>} */
const ticking = new Set();
setInterval(() => {
  for (const progress of ticking) progress.tick();
}, 100);

export class Progress {
  constructor() {
    this.text = el('span', { class: 'now' });
    this.clock = el('span', { class: 'clock', 'aria-hidden': 'true' });
    this.steps = STEPS.map((step) => el('i', { class: 'step', 'data-step': step }));
    this.bar = el(
      'div',
      { class: 'steps', role: 'progressbar', 'aria-label': 'Progress' },
      ...this.steps,
    );
    this.bar.setAttribute('aria-valuemax', String(STEPS.length));
    this.element = el('div', { class: 'progress' }, this.bar, el('p', {}, this.text, this.clock));
    this.since = 0;
  }

  /**
   * @param {Step} step
   * @param {string} [words]
   * @param {number} [share] of the step, where that is known
   */
  at(step, words = WORDS[step], share = 0) {
    const now = STEPS.indexOf(step);
    if (this.element.dataset['step'] !== step) {
      this.since = performance.now();
      this.element.dataset['step'] = step;
    }
    this.steps.forEach((part, index) => {
      part.dataset['state'] = index < now ? 'over' : index === now ? 'now' : 'ahead';
      part.style.setProperty('--share', `${index < now ? 100 : index === now ? share * 100 : 0}%`);
    });
    this.bar.setAttribute('aria-valuenow', String(now + share));
    this.bar.setAttribute('aria-valuetext', words);
    this.text.textContent = words;
    ticking.add(this);
    this.tick();
  }

  tick() {
    this.clock.textContent = duration(performance.now() - this.since);
  }

  stop() {
    ticking.delete(this);
  }
}
