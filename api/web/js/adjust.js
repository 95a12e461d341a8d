/**
 * Other colours of the same photograph: what the network said of it is decoded anew, which takes
 * moments, for the network does not run.
 */

import { ApiError, get, newKey, post } from './api.js';
import { usualTemperature } from './choices.js';
import { button, el, fill } from './dom.js';
import { shown } from './links.js';
import { placeBeside } from './orders.js';
import { ended } from './tracker.js';

/**
 * @typedef {import('./types.js').Job} Job
 * @typedef {{ show: (job: Job, part: string) => void, busy: (busy: boolean) => void,
 *   unsure: (on: boolean) => void }} Shower
 */

const VARIANTS = 4;

export class Adjust {
  /**
   * @param {Job} base has kept what the network said
   * @param {Job} current what is shown, and which part of it
   * @param {string} part
   * @param {Shower} shower
   */
  constructor(base, current, part, shower) {
    this.base = base;
    this.current = current;
    this.shower = shower;
    this.part = part;
    /** @type {{ variants?: number, ambiguity?: boolean }} */
    this.more = {};
    if (current.variants.length) this.more.variants = VARIANTS;
    if (current.ambiguity_map) this.more.ambiguity = true;
    /** @type {Promise<void> | null} */
    this.running = null;
    this.again = false;
    this.temperature = slider('Temperature', 'decided', 'even', { min: 0.05, max: 1, step: 0.01 });
    this.saturation = slider('Saturation', 'grey', 'vivid', { min: 0, max: 2, step: 0.05 });
    this.message = el('p', { class: 'error-text', role: 'alert' });
    this.strip = el('div', { class: 'variants' });
    this.others = button('Other colourings', () => this.#askVariants());
    this.unsure = button('Where unsure', () => this.#toggleUnsure(), { 'aria-pressed': 'false' });
    this.reset = button('Reset', () => this.#reset(), { class: 'plain' });
    this.element = el(
      'div',
      { class: 'adjust' },
      this.temperature.element,
      this.saturation.element,
      el('div', { class: 'row' }, this.others, this.unsure, this.reset),
      this.strip,
      this.message,
    );
    for (const each of [this.temperature, this.saturation]) {
      each.input.addEventListener('input', () => {
        each.tell();
        // Variants are of what was decoded before.
        delete this.more.variants;
        void this.#decode();
      });
    }
    this.#setSliders(current);
    this.#drawVariants();
  }

  /** @param {Job} job */
  #setSliders(job) {
    const { temperature, saturation } = job.options;
    this.temperature.set(Number(temperature ?? usualTemperature(job.model?.name)));
    this.saturation.set(Number(saturation ?? 1));
  }

  #reset() {
    this.more = {};
    this.#setSliders(this.base);
    this.current = this.base;
    this.#chosen('result');
    this.#drawVariants();
    this.#setUnsure(false);
  }

  async #askVariants() {
    this.more.variants = VARIANTS;
    await this.#decode();
  }

  async #toggleUnsure() {
    const on = this.unsure.getAttribute('aria-pressed') !== 'true';
    if (on && !this.current.ambiguity_map) {
      this.more.ambiguity = true;
      await this.#decode();
      if (!this.current.ambiguity_map) return;
    }
    this.#setUnsure(on);
  }

  /** @param {boolean} on */
  #setUnsure(on) {
    this.unsure.setAttribute('aria-pressed', String(on));
    this.shower.unsure(on);
  }

  /** Decode what the sliders say now; of many moves on the way, the last one counts. */
  #decode() {
    if (this.running) this.again = true;
    this.running ??= this.#decodeAll();
    return this.running;
  }

  async #decodeAll() {
    this.shower.busy(true);
    this.message.textContent = '';
    try {
      do {
        this.again = false;
        this.current = await this.#redecoded();
        this.#chosen('result');
      } while (this.again);
      this.#drawVariants();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.message.textContent = error.message;
    } finally {
      this.running = null;
      this.shower.busy(false);
    }
  }

  /** @returns {Promise<Job>} */
  async #redecoded() {
    const options = {
      temperature: this.temperature.value(),
      saturation: this.saturation.value(),
      keep_distribution: false,
      ...this.more,
    };
    const headers = { Prefer: 'wait=30', 'Idempotency-Key': newKey() };
    const order = { options, ...placeBeside(this.base) };
    const made = await post(`/v1/jobs/${this.base.id}/redecode`, order, { headers, patience: 30 });
    let job = /** @type {Job} */ (made);
    while (!ended(job)) {
      job = await get(`/v1/jobs/${job.id}`, { headers: { Prefer: 'wait=30' }, patience: 30 });
    }
    if (job.state !== 'succeeded') {
      throw new ApiError(
        500,
        job.error?.code ?? job.state,
        job.error?.detail ?? `The job was ${job.state}.`,
      );
    }
    return job;
  }

  #drawVariants() {
    const { variants, id } = this.current;
    if (!variants.length) {
      const only = this.more.variants ? 'The network sees no other possibility.' : null;
      return fill(this.strip, only && el('p', { class: 'quiet' }, only));
    }
    const parts = ['result', ...variants.map((_, index) => `variant-${index + 2}`)];
    fill(
      this.strip,
      ...parts.map((part, index) =>
        el(
          'button',
          {
            type: 'button',
            class: 'variant',
            'data-part': part,
            'aria-pressed': String(part === this.part),
            'aria-label': index ? `Colouring ${index + 1}` : 'The likeliest colouring',
            onclick: () => this.#chosen(part),
          },
          el('img', { src: shown(id, part), alt: '', loading: 'lazy' }),
        ),
      ),
    );
  }

  /** @param {string} part */
  #chosen(part) {
    this.part = part;
    for (const each of this.strip.querySelectorAll('button')) {
      each.setAttribute('aria-pressed', String(each.dataset['part'] === part));
    }
    this.shower.show(this.current, part);
  }
}

let sliders = 0;

/**
 * @param {string} label
 * @param {string} low
 * @param {string} high
 * @param {{ min: number, max: number, step: number }} range
 */
function slider(label, low, high, range) {
  const id = `slider-${(sliders += 1)}`;
  const input = el('input', { type: 'range', id, name: label.toLowerCase(), ...range });
  const output = el('output', { for: id });
  const tell = () => {
    output.textContent = Number(input.value).toFixed(2);
  };
  const element = el(
    'div',
    { class: 'slider' },
    el('label', { for: id }, label),
    output,
    input,
    el('span', { class: 'low', 'aria-hidden': 'true' }, low),
    el('span', { class: 'high', 'aria-hidden': 'true' }, high),
  );
  /** @param {number} value */
  const set = (value) => {
    input.value = String(value);
    tell();
  };
  return { element, input, tell, set, value: () => Number(input.value) };
}
