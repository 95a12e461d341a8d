/** Following the jobs that the page shows: one stream for all of them. */

import { ApiError, get } from './api.js';
import { EventStream } from './events.js';
import { Pool } from './pool.js';

/**
 * @typedef {import('./types.js').Job} Job
 * @typedef {import('./types.js').Change} Change
 * @typedef {{ onChange: (change: Change) => void, onJob: (job: Job) => void,
 *   onPlace: (ahead: number) => void, onGone: () => void }} Watcher
 * `onJob`: the whole job, when it has ended or something may have been missed.
 */

const PLACES_MS = 2000;
const MOST_PLACES = 100;
const LISTED = 500;
const pool = new Pool(4);

/** @param {{ state: string }} job */
export function ended(job) {
  return !['queued', 'running'].includes(job.state);
}

class Tracker {
  constructor() {
    /** @type {Map<string, Set<Watcher>>} */
    this.watchers = new Map();
    /** @type {Set<string>} */
    this.queued = new Set();
    this.stream = new EventStream('/v1/events', {
      onEvent: (_name, data) => this.#hear(/** @type {Change} */ (data)),
      onGap: () => void this.lookAnew(),
    });
    this.looking = false;
    setInterval(() => void this.#askPlaces(), PLACES_MS);
  }

  /**
   * Follow a job to its end.
   *
   * @param {string} id
   * @param {Watcher} watcher
   * @returns {() => void} leaves it earlier
   */
  watch(id, watcher) {
    const all = this.watchers.get(id) ?? new Set();
    this.watchers.set(id, all.add(watcher));
    this.queued.add(id);
    if (this.stream.running) void this.look(id);
    else void this.stream.start();
    return () => {
      if (all.delete(watcher) && all.size === 0) this.#forget(id);
    };
  }

  /** @param {string} id */
  #forget(id) {
    this.watchers.delete(id);
    this.queued.delete(id);
    if (this.watchers.size === 0) this.stream.stop();
  }

  /** @param {string} id */
  #of(id) {
    return [...(this.watchers.get(id) ?? [])];
  }

  /** Look at all jobs that are followed: a few pages of the list, and the rest one by one. */
  async lookAnew() {
    if (this.looking || this.watchers.size === 0) return;
    this.looking = true;
    try {
      const page = await get(`/v1/jobs?limit=${LISTED}`, { patience: 10 });
      const jobs = new Map(/** @type {{ jobs: Job[] }} */ (page).jobs.map((job) => [job.id, job]));
      for (const id of [...this.watchers.keys()]) {
        const job = jobs.get(id);
        if (job) this.#tell(job);
        else void this.look(id);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    } finally {
      this.looking = false;
    }
  }

  /** @param {string} id */
  async look(id) {
    try {
      const job = await pool.run(() => get(`/v1/jobs/${id}`, { patience: 60 }));
      this.#tell(/** @type {Job} */ (job));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 404) return;
      const told = this.#of(id);
      this.#forget(id);
      for (const watcher of told) watcher.onGone();
    }
  }

  /** @param {Job} job */
  #tell(job) {
    if (job.state !== 'queued') this.queued.delete(job.id);
    const told = this.#of(job.id);
    if (ended(job)) this.#forget(job.id);
    for (const watcher of told) watcher.onJob(job);
  }

  /** @param {Change} change */
  #hear(change) {
    const told = this.#of(change.id);
    if (!told.length) return;
    if (change.state === 'queued') this.queued.add(change.id);
    else this.queued.delete(change.id);
    for (const watcher of told) watcher.onChange(change);
    if (ended(change)) void this.look(change.id);
  }

  async #askPlaces() {
    if (this.queued.size === 0 || document.hidden) return;
    const ids = [...this.queued].slice(0, MOST_PLACES);
    const query = ids.map((id) => `id=${id}`).join('&');
    try {
      const { ahead } = /** @type {{ ahead: Record<string, number> }} */ (
        await get(`/v1/queue?${query}`)
      );
      for (const [id, count] of Object.entries(ahead)) {
        for (const watcher of this.#of(id)) watcher.onPlace(count);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }
}

export const tracker = new Tracker();
