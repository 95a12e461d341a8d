/** How the service does: its queue, its workers, and what went wrong lately. */

import { ApiError, get } from './api.js';
import { el, fill, find } from './dom.js';
import { counted, duration } from './format.js';
import { bars, line } from './plot.js';
import { adviceFor } from './problems.js';

/** @typedef {import('./types.js').Stats} Stats */

const EVERY_MS = 2000;
const SAMPLES = 150;

class Operations {
  constructor() {
    this.numbers = find('#numbers', HTMLElement);
    this.ends = find('#plot-ends', HTMLElement);
    this.queue = find('#plot-queue', HTMLElement);
    this.errors = find('#error-list', HTMLElement);
    this.checks = find('#checks', HTMLElement);
    this.timer = 0;
    /** @type {number[]} lengths of the queue while this was open */
    this.lengths = [];
  }

  show() {
    void this.look();
    this.timer = setInterval(() => document.hidden || void this.look(), EVERY_MS);
  }

  hide() {
    clearInterval(this.timer);
  }

  async look() {
    try {
      this.#draw(await get('/v1/stats'));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 403) {
        this.hide();
        fill(this.numbers, number('Not for this key', '–', 'Sign in with a key for admin.'));
        return;
      }
    }
    await this.#check();
  }

  /** @param {Stats} stats */
  #draw(stats) {
    const queued = Object.values(stats.queued).reduce((sum, each) => sum + each, 0);
    const failed = stats.minutes.reduce((sum, minute) => sum + minute.failed, 0);
    this.lengths = [...this.lengths, queued].slice(-SAMPLES);
    const split = Object.entries(stats.queued)
      .filter(([, count]) => count)
      .map(([name, count]) => `${count} ${name}`);
    fill(
      this.numbers,
      number(
        'Waiting',
        queued.toLocaleString(),
        [...split, stats.held && `${stats.held} held`].filter(Boolean).join(', '),
      ),
      number('Running', stats.running.toLocaleString(), ''),
      number(
        'Workers',
        stats.workers.toLocaleString(),
        stats.workers ? '' : 'Start one: tintype worker',
      ),
      number('Jobs a second', stats.rate.toFixed(2), 'over the last full minute'),
      number('A job takes', stats.job_ms === null ? '–' : duration(stats.job_ms), 'lately'),
      number('Errors', failed.toLocaleString(), 'within the last hour'),
    );
    fill(this.ends, this.#endsPlot(stats));
    fill(
      this.queue,
      line(`Length of the queue while this view was open; now ${queued}`, this.lengths, SAMPLES),
    );
    const rows = Object.entries(stats.errors).map(([code, count]) =>
      el('li', {}, el('b', {}, count), el('code', {}, code), el('span', {}, adviceFor(code))),
    );
    fill(
      this.errors,
      ...(rows.length ? rows : [el('li', { class: 'quiet' }, 'None within the last hour.')]),
    );
  }

  /** @param {Stats} stats */
  #endsPlot(stats) {
    const total = stats.minutes.reduce((sum, minute) => sum + minute.succeeded, 0);
    const columns = stats.minutes.map((minute) => ({
      name: minute.start.slice(11, 16),
      parts: [
        { kind: 'succeeded', value: minute.succeeded },
        { kind: 'failed', value: minute.failed },
        { kind: 'canceled', value: minute.canceled },
      ],
    }));
    return bars(
      `Jobs that ended in each minute of the last hour: ${counted(total, 'job')} succeeded`,
      columns,
    );
  }

  async #check() {
    try {
      const { warnings } = /** @type {{ warnings: Record<string, string> }} */ (
        await get('/readyz')
      );
      const rows = Object.entries(warnings).map(([name, text]) =>
        el('li', {}, el('b', {}, name), ` ${text}`),
      );
      fill(
        this.checks,
        el('li', { class: 'good' }, 'A photograph submitted now is worked on.'),
        ...rows,
      );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fill(this.checks, el('li', { class: 'error-text' }, error.message));
    }
  }
}

/** @param {string} name @param {string} value @param {string} note */
function number(name, value, note) {
  return el(
    'div',
    { class: 'number' },
    el('dt', {}, name),
    el('dd', {}, el('b', {}, value), el('span', { class: 'quiet' }, note)),
  );
}

export function setUpOperations() {
  const operations = new Operations();
  return { show: () => operations.show(), hide: () => operations.hide() };
}
