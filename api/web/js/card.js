/** One photograph on the page, from the moment that it was chosen. */

import { about } from './card_about.js';
import { Adjust } from './adjust.js';
import { ApiError, newKey, post } from './api.js';
import { worked } from './about.js';
import { Compare } from './compare.js';
import { button, el, fill } from './dom.js';
import { duration, endingOf } from './format.js';
import { forget, whenNear } from './lazy.js';
import { download, shown } from './links.js';
import { order } from './orders.js';
import { adviceFor } from './problems.js';
import { Progress } from './progress.js';
import { thumbnail } from './thumbs.js';
import { ended, tracker } from './tracker.js';
import { openViewer } from './viewer.js';

/**
 * @typedef {import('./types.js').Job} Job
 * @typedef {import('./types.js').ObjectRef} ObjectRef
 * @typedef {'waiting' | 'working' | 'succeeded' | 'failed' | 'gone'} Phase
 * @typedef {{ name: string, file?: File, source?: ObjectRef, destination?: ObjectRef,
 *   kept?: import('./kept.js').Kept }} Origin
 * @typedef {{ onChange: () => void, onRemove: (card: Card) => void }} Owner
 */

const FULL = 'The queue is full; it goes on by itself';

export class Card {
  /** @param {Origin} origin @param {Owner} owner */
  constructor(origin, owner) {
    this.origin = origin;
    this.owner = owner;
    this.name = origin.name;
    /** @type {Phase} */
    this.phase = 'waiting';
    /** @type {Job | null} */
    this.base = null;
    /** @type {Job | null} */
    this.shown = null;
    this.part = origin.kept?.part ?? 'result';
    this.unsure = false;
    this.near = false;
    this.key = newKey();
    this.thumb = '';
    this.compare = new Compare({ anywhere: true });
    this.progress = new Progress();
    this.picture = el('div', { class: 'frame' });
    this.status = el('div', { class: 'status' });
    this.tools = el('div', { class: 'row tools' });
    this.panels = el('div', { class: 'panels' });
    const title = el('h3', { title: this.name }, this.name);
    this.element = el(
      'article',
      { class: 'card', 'aria-label': this.name },
      this.picture,
      el('div', { class: 'body' }, el('header', {}, title, this.#removal()), this.status, this.tools, this.panels),
    );
    this.compare.element.addEventListener('no-original', () => this.#sayNoOriginal());
    whenNear(this.element, (near) => this.#see(near));
    this.#setPhase('waiting');
  }

  #removal() {
    return button('×', () => this.remove(), { class: 'plain remove', 'aria-label': `Remove ${this.name} from this page` });
  }

  get removed() {
    return this.phase === 'gone';
  }

  /** What is to be remembered; null before the service knows of it. */
  get kept() {
    const id = this.base?.id ?? this.origin.kept?.id;
    if (!id) return null;
    return { id, shown: this.shown?.id ?? this.origin.kept?.shown ?? id, part: this.part, name: this.name };
  }

  /** Hand the photograph to the service. */
  async submit() {
    if (this.removed) return;
    this.#setPhase('working');
    this.progress.at('upload', this.origin.file ? 'Uploading' : 'Submitting');
    try {
      const job = await order(this.origin, this.key, {
        onProgress: (share) => this.progress.at('upload', `Uploading, ${Math.round(share * 100)} %`, share),
        onWait: (reason) => this.progress.at('upload', reason.code === 'queue_full' ? FULL : 'Trying again'),
      });
      // Removed meanwhile: the job goes on, and the gallery has it.
      if (!this.removed) this.#follow(job);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!this.removed) this.#fail(error.code, error.message, () => this.submit());
    }
  }

  /** Show a job, and follow it to its end. @param {Job} job */
  #follow(job) {
    this.base = job;
    this.owner.onChange();
    if (ended(job)) return this.#end(job);
    this.#setPhase('working');
    this.#working(job);
    tracker.watch(job.id, {
      onChange: (change) => ended(change) || this.#working(change),
      onJob: (found) => (ended(found) ? this.#end(found) : this.#working(found)),
      onPlace: (ahead) => this.progress.at('queue', ahead ? `Queued, ${ahead} before it` : 'Queued, next'),
      onGone: () => this.#fail('job_not_found', 'The service does not remember this job.', null),
    });
  }

  /** Bring back what was remembered. @param {Job} base @param {Job | null} shown */
  restore(base, shown) {
    this.shown = shown;
    this.#follow(base);
  }

  /** @param {{ state: string, stage?: import('./types.js').Stage | null }} job */
  #working(job) {
    if (job.state === 'queued') this.progress.at('queue');
    else this.progress.at(job.stage ?? 'fetch');
  }

  /** @param {Job} job */
  #end(job) {
    this.base = job;
    this.progress.stop();
    if (job.state === 'failed') {
      const { code, detail } = job.error ?? { code: 'unknown', detail: 'It failed.' };
      return this.#fail(code, detail, () => this.#again());
    }
    if (job.state === 'canceled') return this.#fail('canceled', 'It was canceled.', () => this.#again());
    if (job.skipped) return this.#skip(job);
    this.#setPhase('succeeded');
    this.#show(this.shown ?? job, this.part);
    this.#offer(job);
  }

  async #again() {
    if (!this.base) return;
    try {
      this.#follow(await post(`/v1/jobs/${this.base.id}/retry`, {}, { patience: 30 }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#fail(error.code, error.message, () => this.#again());
    }
  }

  /** Make another job of the same source. @param {import('./types.js').Options} options */
  async #anew(options) {
    if (!this.base) return;
    const { source } = this.base;
    const asked = { headers: { 'Idempotency-Key': newKey() }, patience: 60 };
    try {
      this.shown = null;
      this.part = 'result';
      this.#follow(await post('/v1/jobs', { source, options: { ...this.base.options, ...options } }, asked));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#fail(error.code, error.message, null);
    }
  }

  /** @param {Job} job */
  #skip(job) {
    this.#setPhase('succeeded');
    fill(this.status, el('p', {}, 'It is in colour already, so it was left alone.'));
    fill(this.tools, button('Colour it anyway', () => this.#anew({ on_color: 'recolor' })));
    fill(this.picture, el('img', { class: 'thumb', src: shown(job.id, 'source'), alt: this.name, loading: 'lazy' }));
  }

  /** @param {string} code @param {string} detail @param {(() => unknown) | null} again */
  #fail(code, detail, again) {
    this.progress.stop();
    this.#setPhase('failed');
    fill(
      this.status,
      el('p', { class: 'error-text' }, detail),
      code === 'canceled' ? null : el('p', {}, adviceFor(code)),
      el('p', { class: 'quiet' }, el('code', {}, code)),
    );
    fill(this.tools, again && button('Try again', again));
    fill(this.panels);
  }

  /** @param {Job} job @param {string} part */
  #show(job, part) {
    this.shown = job;
    this.part = part;
    const note = job.cached ? 'Known already' : `Coloured in ${duration(worked(job))}`;
    const waited = job.timings.queued_ms;
    fill(this.status, el('p', {}, note, waited !== null && el('span', { class: 'quiet' }, ` after ${duration(waited)} in the queue`)));
    fill(
      this.tools,
      button('Full screen', () => this.#open(), { 'aria-haspopup': 'dialog' }),
      el('a', { class: 'button', href: download(job.id, part), download: true }, 'Download'),
    );
    this.owner.onChange();
    this.#draw();
  }

  /** @param {Job} job */
  #offer(job) {
    const panel = job.distribution
      ? new Adjust(job, this.shown ?? job, {
          show: (current, part) => this.#show(current, part),
          busy: (busy) => this.picture.setAttribute('aria-busy', String(busy)),
          unsure: (on) => this.#setUnsure(on),
        }).element
      : el(
          'div',
          { class: 'adjust' },
          el('p', { class: 'quiet' }, 'What the network said was not kept, so it has to run once more.'),
          button('Make it adjustable', () => this.#anew({ keep_distribution: true })),
        );
    fill(
      this.panels,
      el('details', {}, el('summary', {}, 'Adjust colours'), panel),
      about(job, this.origin.file ?? null),
    );
  }

  /** @param {boolean} on */
  #setUnsure(on) {
    this.unsure = on;
    this.#draw();
  }

  #pictures() {
    const job = /** @type {Job} */ (this.shown ?? this.base);
    const base = /** @type {Job} */ (this.base);
    return {
      before: shown(base.id, 'source'),
      after: shown(job.id, this.part),
      alt: this.name,
      overlay: this.unsure && job.ambiguity_map ? shown(job.id, 'ambiguity') : null,
    };
  }

  #open() {
    const job = /** @type {Job} */ (this.shown);
    void openViewer(this.#pictures(), this.name, download(job.id, this.part));
  }

  /** @param {boolean} near */
  #see(near) {
    this.near = near;
    this.#draw();
  }

  /** Draw what the phase asks for, if someone may see it. */
  #draw() {
    if (this.removed) return;
    if (this.phase === 'succeeded' && this.shown) {
      if (this.picture.firstChild !== this.compare.element) fill(this.picture, this.compare.element);
      if (this.near) void this.compare.show(this.#pictures());
      else this.compare.clear();
    } else if (this.near && !this.picture.firstChild) {
      void this.#preview();
    }
  }

  /** A small picture while the work goes on: of the file, or else of what the service has. */
  async #preview() {
    const { file } = this.origin;
    fill(this.picture, el('span', { class: 'ending', 'aria-hidden': 'true' }, endingOf(this.name) || 'photo'));
    if (file) this.thumb ||= (await thumbnail(file)) ?? '';
    const address = this.thumb || (!file && this.base ? shown(this.base.id, 'source') : '');
    if (!address || this.phase === 'succeeded') return;
    const image = el('img', { class: 'thumb', src: address, alt: `${this.name}, not coloured yet` });
    image.addEventListener('error', () => image.remove());
    fill(this.picture, image);
  }

  /** @param {Phase} phase */
  #setPhase(phase) {
    this.phase = phase;
    this.element.dataset['phase'] = phase;
    if (phase === 'waiting') fill(this.status, el('p', { class: 'quiet' }, 'Waiting for its turn to be uploaded'));
    if (phase === 'working') {
      fill(this.status, this.progress.element);
      fill(this.tools, this.base && button('Cancel', () => this.#cancel(), { class: 'plain' }));
      fill(this.panels);
    }
    this.owner.onChange();
    this.#draw();
  }

  async #cancel() {
    if (!this.base) return;
    try {
      await post(`/v1/jobs/${this.base.id}/cancel`);
    } catch (error) {
      // It has just ended: the stream says how.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  #sayNoOriginal() {
    if (this.status.querySelector('.no-original')) return;
    this.status.append(
      el('p', { class: 'quiet no-original' }, 'Browsers cannot show this original, so “before” is the result in grey.'),
    );
  }

  remove() {
    this.phase = 'gone';
    this.progress.stop();
    if (this.base) tracker.leave(this.base.id);
    if (this.thumb) URL.revokeObjectURL(this.thumb);
    this.compare.clear();
    forget(this.element);
    this.element.remove();
    this.owner.onRemove(this);
  }
}
