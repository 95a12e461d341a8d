/** One photograph on the page, from the moment that it was chosen. */

import { worked } from './about.js';
import { Adjust } from './adjust.js';
import { ApiError, request } from './api.js';
import { about, adjusting } from './card_panels.js';
import { CardPicture } from './card_picture.js';
import { Course } from './course.js';
import { button, el, fill } from './dom.js';
import { duration } from './format.js';
import { forget, whenNear } from './lazy.js';
import { download, shown } from './links.js';
import { adviceFor } from './problems.js';
import { Progress } from './progress.js';
import { openViewer } from './viewer.js';

/**
 * @typedef {import('./types.js').Job} Job
 * @typedef {import('./types.js').ObjectRef} ObjectRef
 * @typedef {'waiting' | 'working' | 'succeeded' | 'failed' | 'gone'} Phase
 * @typedef {{ name: string, file?: File, source?: ObjectRef, destination?: ObjectRef,
 *   kept?: import('./kept.js').Kept }} Origin
 * @typedef {{ onChange: () => void, onRemove: (card: Card) => void }} Owner
 */

const NO_ORIGINAL = 'Browsers cannot show this original, so “before” is the result in grey.';

export class Card {
  /** @param {Origin} origin @param {Owner} owner */
  constructor(origin, owner) {
    this.origin = origin;
    this.owner = owner;
    this.name = origin.name;
    /** @type {Phase} */
    this.phase = 'waiting';
    /** @type {Job | null} the decoding that is shown; of the course's own job, or another one */
    this.shown = null;
    this.part = origin.kept?.part ?? 'result';
    this.unsure = false;
    this.noOriginal = false;
    this.progress = new Progress();
    this.course = new Course(origin, {
      onStep: (step, words, share) => this.progress.at(step, words, share),
      onWorking: () => this.#setPhase('working'),
      onEnd: (job) => (job.skipped ? this.#skip(job) : this.#end(job)),
      onFail: (code, detail, again) => this.#fail(code, detail, again),
    });
    this.picture = new CardPicture(this.name, {
      onNoOriginal: () => void this.#checkOriginal(),
      onNoResult: () => void this.#checkResult(),
    });
    this.status = el('div', { class: 'status' });
    this.tools = el('div', { class: 'row tools' });
    this.panels = el('div', { class: 'panels' });
    this.element = this.#build();
    whenNear(this.element, (near) => this.picture.see(near));
    this.#setPhase('waiting');
  }

  #build() {
    const removal = { class: 'plain remove', 'aria-label': `Remove ${this.name} from this page` };
    const title = el('h3', { title: this.name }, this.name);
    const header = el(
      'header',
      {},
      title,
      button('×', () => this.remove(), removal),
    );
    const body = el('div', { class: 'body' }, header, this.status, this.tools, this.panels);
    return el('article', { class: 'card', 'aria-label': this.name }, this.picture.element, body);
  }

  /** What is to be remembered; null before the service knows of it. */
  get kept() {
    const id = this.course.job?.id ?? this.origin.kept?.id;
    if (!id) return null;
    const shown = this.shown?.id ?? this.origin.kept?.shown ?? id;
    return { id, shown, part: this.part, name: this.name };
  }

  submit() {
    return this.course.submit();
  }

  /** Bring back what was remembered. @param {Job} job @param {Job | null} shown */
  restore(job, shown) {
    this.shown = shown;
    this.course.follow(job);
  }

  /** @param {import('./types.js').Options} options */
  #anew(options) {
    this.shown = null;
    this.part = 'result';
    return this.course.anew(options);
  }

  /** @param {Job} job */
  #end(job) {
    this.#setPhase('succeeded');
    this.#show(this.shown ?? job, this.part);
    const panel = job.distribution ? this.#adjust(job) : null;
    const again = () => this.#anew({ keep_distribution: true });
    fill(this.panels, adjusting(panel, again), about(job, this.origin.file ?? null));
  }

  /** @param {Job} job */
  #adjust(job) {
    return new Adjust(job, this.shown ?? job, this.part, {
      show: (current, part) => this.#show(current, part),
      busy: (busy) => this.picture.busy(busy),
      unsure: (on) => {
        this.unsure = on;
        this.picture.result(this.#pictures());
      },
    }).element;
  }

  /** @param {Job} job */
  #skip(job) {
    this.#setPhase('succeeded');
    fill(this.status, el('p', {}, 'It is in colour already, so it was left alone.'));
    fill(
      this.tools,
      button('Colour it anyway', () => this.#anew({ on_color: 'recolor' })),
    );
    this.picture.preview(null, shown(job.id, 'source'));
  }

  /** @param {string} code @param {string} detail @param {(() => unknown) | null} again */
  #fail(code, detail, again) {
    this.#setPhase('failed');
    fill(
      this.status,
      el('p', { class: 'error-text' }, detail),
      code !== 'canceled' && el('p', {}, adviceFor(code)),
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
    const waited = ` after ${duration(job.timings.queued_ms ?? 0)} in the queue`;
    fill(this.status, el('p', {}, note, el('span', { class: 'quiet' }, waited)));
    fill(
      this.tools,
      button('Full screen', () => this.#open(), { 'aria-haspopup': 'dialog' }),
      el('a', { class: 'button', href: download(job.id, part), download: true }, 'Download'),
    );
    this.owner.onChange();
    this.picture.result(this.#pictures());
    if (this.noOriginal) this.#sayNoOriginal();
  }

  #pictures() {
    const base = /** @type {Job} */ (this.course.job);
    const job = this.shown ?? base;
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
    if (phase === 'waiting') {
      const words = this.origin.kept ? 'Looking it up' : 'Waiting for its turn to be uploaded';
      fill(this.status, el('p', { class: 'quiet' }, words));
    } else if (phase === 'working') {
      const cancel = button('Cancel', () => this.course.cancel(), { class: 'plain' });
      fill(this.status, this.progress.element);
      fill(this.tools, this.course.job && cancel);
      fill(this.panels);
    } else {
      this.progress.stop();
    }
    if (phase !== 'succeeded') this.#preview();
    this.owner.onChange();
  }

  #preview() {
    const { file } = this.origin;
    const { job } = this.course;
    this.picture.preview(file ?? null, !file && job ? shown(job.id, 'source') : '');
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
      const again = () => this.#anew({ force: true });
      this.#fail('result_gone', 'The result is not in storage any more.', again);
    }
  }

  async #checkOriginal() {
    const { job } = this.course;
    if (!job) return;
    try {
      await request('HEAD', shown(job.id, 'source'));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.noOriginal = error.status === 415;
      if (this.noOriginal && this.phase === 'succeeded') this.#sayNoOriginal();
    }
  }

  #sayNoOriginal() {
    if (this.status.querySelector('.no-original')) return;
    this.status.append(el('p', { class: 'quiet no-original' }, NO_ORIGINAL));
  }

  remove() {
    this.phase = 'gone';
    this.progress.stop();
    this.course.stop();
    this.picture.dispose();
    forget(this.element);
    this.element.remove();
    this.owner.onRemove(this);
  }
}
