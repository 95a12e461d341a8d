/** Picking photographs that are in a bucket already. */

import { ApiError, get, newKey } from './api.js';
import { button, el, fill, find } from './dom.js';
import { baseName, counted, size } from './format.js';

/**
 * @typedef {import('./types.js').ObjectPage} ObjectPage
 * @typedef {import('./card.js').Origin} Origin
 */

class BucketDialog {
  /** @param {(origins: Origin[]) => void} take */
  constructor(take) {
    this.take = take;
    this.dialog = find('#bucket-dialog', HTMLDialogElement);
    this.bucket = find('#bucket-name', HTMLInputElement);
    this.prefix = find('#bucket-prefix', HTMLInputElement);
    this.places = find('#bucket-places', HTMLElement);
    this.list = find('#bucket-list', HTMLElement);
    this.note = find('#bucket-note', HTMLElement);
    this.add = find('#bucket-add', HTMLButtonElement);
    /** @type {Map<string, Origin>} */
    this.chosen = new Map();
    /** @type {ObjectPage | null} */
    this.page = null;
    find('#bucket-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.look();
    });
    find('#bucket-all', HTMLButtonElement).addEventListener('click', () => this.#chooseAll());
    find('#bucket-close', HTMLButtonElement).addEventListener('click', () => this.dialog.close());
    this.add.addEventListener('click', () => this.#done());
  }

  open() {
    this.chosen.clear();
    this.#count();
    this.dialog.showModal();
    void this.look();
  }

  /** @param {string} [cursor] */
  async look(cursor = '') {
    const query = new URLSearchParams({ prefix: this.prefix.value, cursor });
    if (this.bucket.value) query.set('bucket', this.bucket.value);
    try {
      this.page = /** @type {ObjectPage} */ (await get(`/v1/objects?${query}`, { patience: 10 }));
      this.#draw(this.page, cursor !== '');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.note.textContent = error.message;
      fill(this.list);
    }
  }

  /** @param {string} bucket @param {string} prefix */
  #go(bucket, prefix) {
    this.bucket.value = bucket;
    this.prefix.value = prefix;
    void this.look();
  }

  /** @param {ObjectPage} page @param {boolean} more */
  #draw(page, more) {
    this.bucket.value = page.bucket;
    this.prefix.value = page.prefix;
    fill(
      this.places,
      ...page.places.map(({ bucket, prefix }) =>
        button(`${bucket}/${prefix}`, () => this.#go(bucket, prefix), { class: 'chip' }),
      ),
    );
    const up = page.prefix.replace(/[^/]*\/?$/, '');
    const rows = [
      page.prefix && !more && this.#folder('‥', up),
      ...page.folders.map((folder) => this.#folder(`${baseName(folder.slice(0, -1))}/`, folder)),
      ...page.objects.map((found) => this.#photograph(page, found)),
    ];
    this.list.querySelector('.more')?.remove();
    if (!more) fill(this.list);
    for (const row of rows) if (row) this.list.append(row);
    if (page.next) {
      const next = page.next;
      this.list.append(
        el(
          'li',
          { class: 'more' },
          button('More', () => this.look(next)),
        ),
      );
    }
    this.note.textContent = this.list.children.length ? '' : 'There are no photographs here.';
  }

  /** @param {string} name @param {string} prefix */
  #folder(name, prefix) {
    return el(
      'li',
      {},
      button(name, () => this.#go(this.bucket.value, prefix), { class: 'plain folder' }),
    );
  }

  /** @param {ObjectPage} page @param {{ key: string, bytes: number }} found */
  #photograph(page, { key, bytes }) {
    const id = `${page.bucket}/${key}`;
    const box = el('input', { type: 'checkbox', checked: this.chosen.has(id) });
    const change = () => {
      if (box.checked) this.chosen.set(id, originOf(page, key));
      else this.chosen.delete(id);
      this.#count();
    };
    box.addEventListener('change', change);
    return el(
      'li',
      {},
      el(
        'label',
        {},
        box,
        el('span', {}, baseName(key)),
        el('span', { class: 'quiet' }, size(bytes)),
      ),
    );
  }

  #chooseAll() {
    for (const box of this.list.querySelectorAll('input')) {
      if (!box.checked) box.click();
    }
  }

  #count() {
    const count = this.chosen.size;
    this.add.disabled = count === 0;
    this.add.textContent = count ? `Colour ${counted(count, 'photograph')}` : 'Colour';
  }

  #done() {
    this.take([...this.chosen.values()]);
    this.dialog.close();
  }
}

/** @param {ObjectPage} page @param {string} key @returns {Origin} */
function originOf(page, key) {
  const origin = { name: baseName(key), source: { bucket: page.bucket, key } };
  if (page.writable) return origin;
  // Where photographs may only be read, their results go home.
  const place = `colorized/${page.bucket}/${newKey()}-${baseName(key)}`;
  return { ...origin, destination: { bucket: page.home, key: place } };
}

/** @param {(origins: Origin[]) => void} take */
export function setUpBucket(take) {
  /** @type {BucketDialog | null} */
  let dialog = null;
  find('#choose-bucket', HTMLButtonElement).addEventListener('click', () => {
    dialog ??= new BucketDialog(take);
    dialog.open();
  });
}
