/** The picture of a card: of the file at first, then before and after; drawn when it is near. */

import { Compare } from './compare.js';
import { el, fill } from './dom.js';
import { endingOf } from './format.js';
import { thumbnail } from './thumbs.js';

/** @typedef {import('./compare.js').Pictures} Pictures */

export class CardPicture {
  /**
   * @param {string} name
   * @param {{ onNoOriginal: () => void, onNoResult: () => void }} heard
   */
  constructor(name, { onNoOriginal, onNoResult }) {
    this.name = name;
    this.element = el('div', { class: 'frame' });
    this.compare = new Compare({ anywhere: true });
    this.compare.element.addEventListener('no-original', onNoOriginal);
    this.compare.element.addEventListener('no-result', onNoResult);
    this.near = false;
    this.gone = false;
    this.thumb = '';
    /** @type {Pictures | null} */
    this.pictures = null;
    /** @type {{ file: File | null, address: string } | null} */
    this.first = null;
  }

  /** Show what there is while the work goes on. @param {File | null} file @param {string} address */
  preview(file, address) {
    this.pictures = null;
    if (this.first?.address === address && this.first.file === file) return;
    this.first = { file, address };
    fill(this.element);
    this.#draw();
  }

  /** @param {Pictures} pictures */
  result(pictures) {
    this.pictures = pictures;
    this.first = null;
    this.#draw();
  }

  /** @param {boolean} near */
  see(near) {
    this.near = near;
    this.#draw();
  }

  /** @param {boolean} busy */
  busy(busy) {
    this.element.setAttribute('aria-busy', String(busy));
  }

  dispose() {
    this.gone = true;
    if (this.thumb) URL.revokeObjectURL(this.thumb);
    this.compare.clear();
  }

  #draw() {
    if (this.gone) return;
    if (this.pictures) {
      if (this.element.firstChild !== this.compare.element)
        fill(this.element, this.compare.element);
      if (this.near) void this.compare.show(this.pictures);
      else this.compare.clear();
    } else if (this.near && this.first && !this.element.firstChild) {
      void this.#drawFirst(this.first);
    }
  }

  /** @param {{ file: File | null, address: string }} first */
  async #drawFirst(first) {
    fill(
      this.element,
      el('span', { class: 'ending', 'aria-hidden': 'true' }, endingOf(this.name) || 'photo'),
    );
    const { file } = first;
    if (file) this.thumb ||= (await thumbnail(file)) ?? '';
    const address = file ? this.thumb : first.address;
    if (!address || this.first !== first || this.gone) return;
    const image = el('img', {
      class: 'thumb',
      src: address,
      alt: `${this.name}, not coloured yet`,
    });
    image.addEventListener('error', () => image.remove());
    fill(this.element, image);
  }
}
