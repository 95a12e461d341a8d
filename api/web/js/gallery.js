/** Past jobs: page by page, by state, by a part of their key. */

import { ApiError, get } from './api.js';
import { Card } from './card.js';
import { button, el, fill, find } from './dom.js';
import { baseName, when } from './format.js';
import { shown } from './links.js';
import { whenNear } from './lazy.js';

/** @typedef {import('./types.js').Job} Job */

const PAGE = 24;
const TYPING_MS = 300;

class Gallery {
  constructor() {
    this.form = find('#gallery-form', HTMLFormElement);
    this.list = find('#gallery-list', HTMLElement);
    this.note = find('#gallery-note', HTMLElement);
    this.older = find('#older', HTMLButtonElement);
    this.newer = find('#newer', HTMLButtonElement);
    this.dialog = find('#job-dialog', HTMLDialogElement);
    /** @type {string[]} cursors of this page and of those before it */
    this.cursors = [''];
    this.next = '';
    this.asked = 0;
    let typing = 0;
    this.form.addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.first(), TYPING_MS);
    });
    this.form.addEventListener('submit', (event) => event.preventDefault());
    this.older.addEventListener('click', () => {
      this.cursors.push(this.next);
      void this.look();
    });
    this.newer.addEventListener('click', () => {
      this.cursors.pop();
      void this.look();
    });
  }

  first() {
    this.cursors = [''];
    void this.look();
  }

  async look() {
    const mine = (this.asked += 1);
    const fields = new FormData(this.form);
    const query = new URLSearchParams({ limit: String(PAGE) });
    for (const name of ['state', 'key']) {
      const value = String(fields.get(name) ?? '').trim();
      if (value) query.set(name, value);
    }
    const cursor = this.cursors.at(-1);
    if (cursor) query.set('cursor', cursor);
    try {
      const page = /** @type {{ jobs: Job[], next: string | null }} */ (
        await get(`/v1/jobs?${query}`, { patience: 10 })
      );
      if (mine === this.asked) this.#draw(page.jobs, page.next);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.note.textContent = error.message;
    }
  }

  /** @param {Job[]} jobs @param {string | null} next */
  #draw(jobs, next) {
    this.next = next ?? '';
    this.older.disabled = !next;
    this.newer.disabled = this.cursors.length === 1;
    fill(this.list, ...jobs.map((job) => this.#tile(job)));
    const none = next ? 'None among the newest 5,000; go on with “Older”.' : 'No jobs here.';
    this.note.textContent = jobs.length ? '' : none;
  }

  /** @param {Job} job */
  #tile(job) {
    const name = baseName(job.source.key);
    const picture = el(
      'div',
      { class: 'frame' },
      el('span', { class: 'ending', 'aria-hidden': 'true' }, job.state),
    );
    const opener = button('', () => this.#open(job), { class: 'tile', 'aria-haspopup': 'dialog' });
    opener.append(
      picture,
      el('span', { class: 'name' }, name),
      el(
        'span',
        { class: 'quiet' },
        el('span', { class: `state ${job.state}` }, job.error?.code ?? job.state),
        ` ${when(job.created)}`,
      ),
    );
    const item = el('li', {}, opener);
    if (job.state === 'succeeded') whenNear(item, (near) => showIn(picture, job, near));
    return item;
  }

  /** @param {Job} job */
  #open(job) {
    const name = baseName(job.source.key);
    const owner = { onChange: () => {}, onRemove: () => this.dialog.close() };
    const card = new Card({ name, source: job.source }, owner);
    card.restore(job, null);
    fill(
      this.dialog,
      card.element,
      button('Close', () => this.dialog.close()),
    );
    this.dialog.addEventListener(
      'close',
      () => {
        if (card.phase !== 'gone') card.remove();
        fill(this.dialog);
      },
      { once: true },
    );
    this.dialog.showModal();
  }
}

/** @param {HTMLElement} frame @param {Job} job @param {boolean} near */
function showIn(frame, job, near) {
  if (!near) return frame.querySelector('img')?.remove();
  const image = el('img', {
    class: 'thumb',
    alt: '',
    src: shown(job.id, job.skipped ? 'source' : 'result'),
  });
  image.addEventListener('error', () => image.remove());
  frame.append(image);
}

export function setUpGallery() {
  const gallery = new Gallery();
  return { show: () => gallery.first(), hide: () => {} };
}
