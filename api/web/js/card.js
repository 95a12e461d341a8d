/** One photograph on the page, from the moment that it was chosen. */

import { Adjust } from './adjust.js';
import { ApiError, newKey, post, request } from './api.js';
import { worked } from './about.js';
import { about, adjusting } from './card_panels.js';
import { CardPicture } from './card_picture.js';
import { button, el, fill } from './dom.js';
import { duration } from './format.js';
import { forget, whenNear } from './lazy.js';
import { download, shown } from './links.js';
import { order, placeBeside } from './orders.js';
import { adviceFor } from './problems.js';
import { Progress } from './progress.js';
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
    this.key = newKey();
    this.leave = () => {};
    this.progress = new Progress();
    this.picture = new CardPicture(this.name, {
      onNoOriginal: () => this.#sayNoOriginal(),
      onNoResult: () => void this.#checkResult(),
    });
    this.status = el('div', { class: 'status' });
    this.tools = el('div', { class: 'row tools' });
    this.panels = el('div', { class: 'panels' });
    const title = el('h3', { title: this.name }, this.name);
    this.element = el(
      'article',
      { class: 'card', 'aria-label': this.name },
      this.picture.element,
      el('div', { class: 'body' }, el('header', {}, title, this.#removal()), this.status, this.tools, this.panels),
    );
    whenNear(this.element, (near) => this.picture.see(near));
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
    this.leave = tracker.watch(job.id, {
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
    const wanted = { source, options: { ...this.base.options, ...options }, ...placeBeside(this.base) };
    const asked = { headers: { 'Idempotency-Key': newKey() }, patience: 60 };
    try {
      this.shown = null;
      this.part = 'result';
      this.#follow(await post('/v1/jobs', wanted, asked));
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
    this.picture.preview(null, shown(job.id, 'source'));
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
    this.picture.result(this.#pictures());
    if (this.picture.grey) this.#sayNoOriginal();
  }

  /** @param {Job} job */
  #offer(job) {
    const panel = job.distribution
      ? new Adjust(job, this.shown ?? job, this.part, {
          show: (current, part) => this.#show(current, part),
          busy: (busy) => this.picture.busy(busy),
          unsure: (on) => this.#setUnsure(on),
        }).element
      : null;
    const again = () => this.#anew({ keep_distribution: true });
    fill(this.panels, adjusting(panel, again), about(job, this.origin.file ?? null));
  }

  /** @param {boolean} on */
  #setUnsure(on) {
    this.unsure = on;
    this.picture.result(this.#pictures());
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

  /** @param {Phase} phase */
  #setPhase(phase) {
    this.phase = phase;
    this.element.dataset['phase'] = phase;
    if (phase === 'waiting') fill(this.status, el('p', { class: 'quiet' }, this.origin.kept ? 'Looking it up' : 'Waiting for its turn to be uploaded'));
    if (phase === 'working') {
      fill(this.status, this.progress.element);
      fill(this.tools, this.base && button('Cancel', () => this.#cancel(), { class: 'plain' }));
      fill(this.panels);
    }
    if (phase !== 'succeeded') this.#preview();
    this.owner.onChange();
  }

  #preview() {
    const file = this.origin.file ?? null;
    this.picture.preview(file, !file && this.base ? shown(this.base.id, 'source') : '');
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

  /** Someone may have deleted a result; or the service is away for a moment. */
  async #checkResult() {
    const job = this.shown;
    if (this.phase !== 'succeeded' || !job) return;
    try {
      await request('HEAD', shown(job.id, this.part));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 410 || job !== this.shown) return;
      this.#fail('result_gone', 'The result is not in storage any more.', () => this.#anew({ force: true }));
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
    this.leave();
    this.picture.dispose();
    forget(this.element);
    this.element.remove();
    this.owner.onRemove(this);
  }
}
