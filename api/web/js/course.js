/** The way of one photograph through the service: ordered, followed, tried again. */

import { ApiError, newKey, post } from './api.js';
import { order, placeBeside } from './orders.js';
import { ended, tracker } from './tracker.js';

/**
 * @typedef {import('./types.js').Job} Job
 * @typedef {import('./progress.js').Step} Step
 * @typedef {{ onStep: (step: Step, words?: string, share?: number) => void,
 *   onWorking: () => void, onEnd: (job: Job) => void,
 *   onFail: (code: string, detail: string, again: (() => unknown) | null) => void }} Heard
 * `again`: what may help.
 */

const FULL = 'The queue is full; it goes on by itself';

export class Course {
  /** @param {import('./card.js').Origin} origin @param {Heard} heard */
  constructor(origin, heard) {
    this.origin = origin;
    this.heard = heard;
    this.key = newKey();
    /** @type {Job | null} */
    this.job = null;
    this.over = false;
    this.leave = () => {};
  }

  /** Hand the photograph to the service. */
  async submit() {
    if (this.over) return;
    this.heard.onWorking();
    this.heard.onStep('upload', this.origin.file ? 'Uploading' : 'Submitting');
    const heard = {
      onProgress: (/** @type {number} */ share) =>
        this.heard.onStep('upload', `Uploading, ${Math.round(share * 100)} %`, share),
      onWait: (/** @type {ApiError} */ reason) =>
        this.heard.onStep('upload', reason.code === 'queue_full' ? FULL : 'Trying again'),
    };
    await this.#try(
      () => order(this.origin, this.key, heard),
      () => this.submit(),
    );
  }

  /** Queue the job again. @returns {Promise<void>} */
  retry() {
    return this.#try(
      () => post(`/v1/jobs/${this.job?.id}/retry`, {}, { patience: 30 }),
      () => this.retry(),
    );
  }

  /** Make another job of the same source. @param {import('./types.js').Options} options */
  async anew(options) {
    const { job } = this;
    if (!job) return;
    const wanted = { source: job.source, options: { ...job.options, ...options } };
    const asked = { headers: { 'Idempotency-Key': newKey() }, patience: 60 };
    await this.#try(() => post('/v1/jobs', { ...wanted, ...placeBeside(job) }, asked), null);
  }

  async cancel() {
    try {
      await post(`/v1/jobs/${this.job?.id}/cancel`);
    } catch (error) {
      // It has just ended: the stream says how.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** Follow a job to its end. @param {Job} job */
  follow(job) {
    this.job = job;
    if (ended(job)) return this.#end(job);
    this.heard.onWorking();
    this.#step(job);
    this.leave = tracker.watch(job.id, {
      onChange: (change) => ended(change) || this.#step(change),
      onJob: (found) => (ended(found) ? this.#end(found) : this.#step(found)),
      onPlace: (ahead) =>
        this.heard.onStep('queue', ahead ? `Queued, ${ahead} before it` : 'Queued, next'),
      onGone: () =>
        this.heard.onFail('job_not_found', 'The service does not remember this job.', null),
    });
  }

  /** Hear no more of it; the job goes on, and the gallery has it. */
  stop() {
    this.over = true;
    this.leave();
  }

  /**
   * @param {() => Promise<Job>} ask
   * @param {(() => unknown) | null} again
   */
  async #try(ask, again) {
    try {
      const job = await ask();
      if (!this.over) this.follow(job);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!this.over) this.heard.onFail(error.code, error.message, again);
    }
  }

  /** @param {{ state: string, stage?: import('./types.js').Stage | null }} job */
  #step(job) {
    this.heard.onStep(job.state === 'queued' ? 'queue' : (job.stage ?? 'fetch'));
  }

  /** @param {Job} job */
  #end(job) {
    this.job = job;
    const again = () => this.retry();
    if (job.state === 'succeeded') return this.heard.onEnd(job);
    const { code, detail } = job.error ?? { code: job.state, detail: `It was ${job.state}.` };
    this.heard.onFail(code, detail, again);
  }
}
