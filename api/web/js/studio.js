/** The first view: photographs come in and are coloured. */

import { ApiError, askPlainly, get } from './api.js';
import { setUpBucket } from './bucket.js';
import { Card } from './card.js';
import { loadModels, setUpChoices } from './choices.js';
import { Compare } from './compare.js';
import { find } from './dom.js';
import { counted } from './format.js';
import { setUpIntake } from './intake.js';
import { keepCards, keptCards } from './kept.js';
import { Pool } from './pool.js';
import { tracker } from './tracker.js';

/**
 * @typedef {import('./types.js').Job} Job
 * @typedef {import('./card.js').Origin} Origin
 */

const UPLOADS = 4;
const SAMPLE = '/web/img/sample.jpg';
const SAMPLE_COLOUR = '/web/img/sample-colour.jpg';

class Studio {
  constructor() {
    /** @type {Card[]} the newest first */
    this.cards = [];
    this.uploads = new Pool(UPLOADS);
    this.list = find('#cards', HTMLElement);
    this.summary = find('#summary', HTMLElement);
    this.note = find('#intake-note', HTMLElement);
    this.clear = find('#clear', HTMLButtonElement);
    this.due = 0;
    this.clear.addEventListener('click', () => this.#removeEnded());
    find('#sample', HTMLButtonElement).addEventListener('click', () => void this.#trySample());
    addEventListener('beforeunload', (event) => {
      // What is not uploaded yet would be lost.
      if (this.cards.some((card) => card.phase !== 'failed' && card.origin.file && !card.kept)) {
        event.preventDefault();
      }
    });
  }

  /** @param {Origin[]} origins */
  add(origins) {
    const owner = {
      onChange: () => this.#changed(),
      onRemove: (/** @type {Card} */ card) => this.#removed(card),
    };
    const made = origins.map((origin) => new Card(origin, owner));
    this.cards.unshift(...made);
    this.list.prepend(...made.map((card) => card.element));
    this.#changed();
    return made;
  }

  /** @param {Origin[]} origins */
  submit(origins) {
    for (const card of this.add(origins)) void this.uploads.run(() => card.submit());
  }

  /** Bring back the photographs of before a reload. */
  async restore() {
    const kept = keptCards();
    if (!kept.length) return;
    const cards = this.add(kept.map((each) => ({ name: each.name, kept: each })));
    /** @type {Map<string, Job>} */
    const known = new Map();
    try {
      const page = /** @type {{ jobs: Job[] }} */ (
        await get('/v1/jobs?limit=500', { patience: 600 })
      );
      for (const job of page.jobs) known.set(job.id, job);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    const pool = new Pool(UPLOADS);
    await Promise.all(cards.map((card) => pool.run(() => this.#restoreOne(card, known))));
  }

  /** @param {Card} card @param {Map<string, Job>} known */
  async #restoreOne(card, known) {
    const kept = /** @type {import('./kept.js').Kept} */ (card.origin.kept);
    const find = async (/** @type {string} */ id) =>
      known.get(id) ?? /** @type {Job} */ (await get(`/v1/jobs/${id}`, { patience: 600 }));
    try {
      const base = await find(kept.id);
      card.restore(base, kept.shown === kept.id ? null : await find(kept.shown));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      card.remove();
    }
  }

  async #trySample() {
    const response = await askPlainly('GET', SAMPLE);
    if (!response?.ok) return;
    const file = new File([await response.blob()], 'astronaut.jpg', { type: 'image/jpeg' });
    this.submit([{ name: file.name, file }]);
  }

  /** @param {Card} card */
  #removed(card) {
    this.cards = this.cards.filter((each) => each !== card);
    this.#changed();
  }

  #removeEnded() {
    for (const card of [...this.cards]) {
      if (['succeeded', 'failed'].includes(card.phase)) card.remove();
    }
  }

  /** Two hundred cards change at once: what is told of them is told once. */
  #changed() {
    if (this.due) return;
    this.due = setTimeout(() => {
      this.due = 0;
      this.#tell();
    }, 150);
  }

  #tell() {
    const kept = this.cards.map((card) => card.kept).filter((each) => each !== null);
    keepCards(kept);
    document.body.classList.toggle('has-cards', this.cards.length > 0);
    const count = (/** @type {string} */ phase) =>
      this.cards.filter((card) => card.phase === phase).length;
    const [done, failed] = [count('succeeded'), count('failed')];
    const left = this.cards.length - done - failed;
    const parts = [
      counted(this.cards.length, 'photograph'),
      done && `${done} coloured`,
      left && `${left} to go`,
      failed && `${failed} failed`,
    ];
    const text = this.cards.length ? parts.filter(Boolean).join(' · ') : '';
    if (this.summary.textContent !== text) this.summary.textContent = text;
    this.clear.hidden = done + failed === 0;
  }

  /** @param {File[]} files @param {number} leftOut */
  take(files, leftOut) {
    this.note.textContent = leftOut
      ? `${counted(leftOut, 'file')} left out: no photographs by their names.`
      : '';
    location.hash = '#/';
    this.submit(files.map((file) => ({ name: file.name, file })));
  }
}

export function setUpStudio() {
  const studio = new Studio();
  setUpChoices();
  setUpIntake((files, leftOut) => studio.take(files, leftOut));
  setUpBucket((origins) => studio.submit(origins));
  const hero = new Compare({ anywhere: true });
  find('#hero-picture', HTMLElement).append(hero.element);
  void hero.show({
    before: SAMPLE,
    after: SAMPLE_COLOUR,
    alt: 'An astronaut before an American flag',
    overlay: null,
  });
  void loadModels().then(() => studio.restore());
  // A service that was away may have forgotten nothing, and the page may have missed much.
  addEventListener('online', () => void tracker.lookAnew());
}
