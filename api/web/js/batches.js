/** Batches: how far each is, how fast, what failed, and what can be done about it. */

import { ApiError, get, newKey, post } from './api.js';
import { button, el, fill, find } from './dom.js';
import { counted, duration, size, when } from './format.js';
import { adviceFor } from './problems.js';

/**
 * @typedef {import('./types.js').Batch} Batch
 * @typedef {import('./types.js').Entry} Entry
 */

const EVERY_MS = 2000;
const PAGE = 20;
const FAILURES = 20;

class Batches {
  constructor() {
    this.list = find('#batch-list', HTMLElement);
    this.note = find('#batch-note', HTMLElement);
    this.form = find('#batch-form', HTMLFormElement);
    this.answer = find('#batch-answer', HTMLElement);
    this.timer = 0;
    /** @type {Map<string, Entry[]>} failures of batches that someone opened */
    this.failures = new Map();
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      const dry = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value === 'dry';
      void this.#start(dry);
    });
  }

  show() {
    void this.look();
    void this.#suggestBucket();
    this.timer = setInterval(() => document.hidden || void this.look(), EVERY_MS);
  }

  async #suggestBucket() {
    const field = find('[name=bucket]', HTMLInputElement, this.form);
    if (field.value) return;
    try {
      const { home } = /** @type {import('./types.js').ObjectPage} */ (await get('/v1/objects'));
      field.value ||= home;
    } catch (error) {
      // It can be typed, too.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  hide() {
    clearInterval(this.timer);
  }

  async look() {
    try {
      const page = /** @type {{ batches: Batch[] }} */ (await get(`/v1/batches?limit=${PAGE}`));
      const wanted = page.batches.filter((batch) => !batch.dry_run);
      this.note.textContent = wanted.length
        ? ''
        : 'No batches yet. One colours everything below a prefix of a bucket.';
      this.#draw(wanted);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.note.textContent = error.message;
    }
  }

  /** Draw what has changed: a button that someone is about to press stays. @param {Batch[]} batches */
  #draw(batches) {
    const there = new Map(
      [...this.list.children].map((each) => [
        /** @type {HTMLElement} */ (each).dataset['id'],
        each,
      ]),
    );
    const items = batches.map((batch) => {
      const old = there.get(batch.id);
      const text = JSON.stringify([batch, this.failures.get(batch.id)]);
      if (old instanceof HTMLElement && old.dataset['text'] === text) return old;
      const item = this.#item(batch);
      item.dataset['id'] = batch.id;
      item.dataset['text'] = text;
      old?.replaceWith(item);
      return item;
    });
    items.forEach((item, index) => {
      if (this.list.children[index] !== item)
        this.list.insertBefore(item, this.list.children[index] ?? null);
    });
    while (this.list.children.length > items.length) this.list.lastChild?.remove();
  }

  /** @param {Batch} batch */
  #item(batch) {
    const { counts } = batch;
    const from = batch.source.manifest?.key ?? `${batch.source.bucket}/${batch.source.prefix}`;
    const over = counts.succeeded + counts.failed + counts.canceled + counts.skipped;
    const rate = batch.rate === null ? '' : `${batch.rate.toFixed(1)} a second`;
    const eta = batch.eta_seconds === null ? '' : `${duration(batch.eta_seconds * 1000)} left`;
    const facts = [
      `${over.toLocaleString()} of ${counted(counts.total, 'photograph')}${batch.expanded ? '' : ' found so far'}`,
      counts.skipped && `${counts.skipped} known already`,
      batch.finished ? `ended ${when(batch.finished)}` : rate,
      batch.finished ? '' : eta,
    ];
    const bar = el('progress', {
      max: Math.max(1, counts.total),
      value: over,
      'aria-label': `Progress of ${from}`,
    });
    return el(
      'li',
      { class: 'batch' },
      el('h3', {}, from, el('span', { class: `state ${batch.state}` }, batch.state)),
      bar,
      el('p', {}, facts.filter(Boolean).join(' · ')),
      batch.error && el('p', { class: 'error-text' }, batch.error.detail),
      counts.failed > 0 && this.#failed(batch),
      el('div', { class: 'row' }, ...this.#actions(batch)),
    );
  }

  /** @param {Batch} batch */
  #failed(batch) {
    const codes = Object.entries(batch.codes).map(([code, count]) =>
      el('li', {}, `${count} × `, el('code', {}, code), ` ${adviceFor(code)}`),
    );
    const known = this.failures.get(batch.id);
    return el(
      'div',
      { class: 'failures' },
      el('p', { class: 'error-text' }, `${counted(batch.counts.failed, 'photograph')} failed`),
      el('ul', {}, ...codes),
      known
        ? el(
            'ul',
            {},
            ...known.map((entry) =>
              el('li', {}, el('code', {}, entry.key), ` ${entry.detail ?? entry.code ?? ''}`),
            ),
          )
        : button('Show which', () => this.#askFailures(batch.id), { class: 'plain' }),
    );
  }

  /** @param {string} id */
  async #askFailures(id) {
    const page = await get(`/v1/batches/${id}/jobs?state=failed&limit=${FAILURES}`);
    this.failures.set(id, /** @type {{ jobs: Entry[] }} */ (page).jobs);
    await this.look();
  }

  /** @param {Batch} batch */
  #actions(batch) {
    /** @param {string} label @param {string} name */
    const action = (label, name) => button(label, () => this.#act(batch.id, name));
    if (!batch.finished) {
      const paused = batch.state === 'paused';
      return [
        paused ? action('Resume', 'resume') : action('Pause', 'pause'),
        action('Cancel', 'cancel'),
      ];
    }
    const report = `/v1/batches/${batch.id}/report?download=1`;
    return [
      batch.state === 'failed' && action('Try failed ones again', 'retry-failed'),
      batch.report !== null &&
        el('a', { class: 'button', href: report, download: true }, 'Report (CSV)'),
    ];
  }

  /** @param {string} id @param {string} name */
  async #act(id, name) {
    try {
      await post(`/v1/batches/${id}/${name}`);
      this.failures.delete(id);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.note.textContent = error.message;
    }
    await this.look();
  }

  /** @param {boolean} dry */
  async #start(dry) {
    const fields = new FormData(this.form);
    const text = (/** @type {string} */ name) => String(fields.get(name) ?? '').trim();
    const order = {
      source: { bucket: text('bucket'), prefix: text('prefix') },
      destination: { bucket: text('to-bucket') || text('bucket'), prefix: text('to-prefix') },
      dry_run: dry,
    };
    fill(this.answer, dry ? 'Counting…' : 'Starting…');
    try {
      const batch = /** @type {Batch} */ (
        await post('/v1/batches', order, { headers: { 'Idempotency-Key': newKey() }, patience: 10 })
      );
      fill(this.answer, dry ? told(batch) : 'It has begun.');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fill(this.answer, el('span', { class: 'error-text' }, error.message));
    }
    await this.look();
  }
}

/** @param {Batch} batch */
function told(batch) {
  if (!batch.finished) return 'It is still counting; ask again.';
  const seconds = batch.estimate?.seconds;
  const time = typeof seconds === 'number' ? `, about ${duration(seconds * 1000)}` : '';
  return `${counted(batch.counts.total - batch.counts.skipped, 'photograph')} to do, ${size(batch.bytes)}${time}; ${batch.counts.skipped} have their result already.`;
}

export function setUpBatches() {
  const batches = new Batches();
  return { show: () => batches.show(), hide: () => batches.hide() };
}
