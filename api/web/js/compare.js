/** Before and after, one on the other. */

import { makeDivider } from './divider.js';
import { el } from './dom.js';

/** @typedef {{ before: string, after: string, alt: string, overlay: string | null }} Pictures */

export class Compare {
  /** @param {{ anywhere: boolean }} how see makeDivider */
  constructor(how) {
    this.before = el('img', { class: 'picture', decoding: 'async', draggable: 'false', alt: '' });
    this.after = el('img', { class: 'picture', decoding: 'async', draggable: 'false', alt: '' });
    this.overlay = el('img', {
      class: 'picture unsure',
      draggable: 'false',
      alt: '',
      hidden: true,
    });
    this.element = el(
      'div',
      { class: 'compare' },
      el('div', { class: 'layer after' }, this.after, this.overlay),
      el('div', { class: 'layer before' }, this.before),
      el('span', { class: 'tag left', 'aria-hidden': 'true' }, 'Before'),
      el('span', { class: 'tag right', 'aria-hidden': 'true' }, 'After'),
    );
    this.divider = makeDivider(this.element, how);
    this.element.append(this.divider.handle);
    this.before.addEventListener('error', () => this.#useGrey());
    this.after.addEventListener('error', () => {
      if (!this.after.hasAttribute('src')) return;
      // Without an address it is asked for again when it is shown the next time.
      this.after.removeAttribute('src');
      this.element.dispatchEvent(new CustomEvent('no-result'));
    });
    this.wanted = '';
  }

  /**
   * Show pictures; a new 'after' takes the place of the old one once it is there.
   *
   * @param {Pictures} pictures
   */
  async show({ before, after, alt, overlay }) {
    this.after.alt = alt;
    this.before.alt = `${alt}, before`;
    if (this.before.getAttribute('src') !== before && !this.element.classList.contains('grey')) {
      this.before.src = before;
    }
    this.overlay.hidden = overlay === null;
    if (overlay !== null) this.overlay.src = overlay;
    this.wanted = after;
    if (this.after.getAttribute('src') === after) return;
    const next = new Image();
    next.src = after;
    await next.decode().catch(() => {});
    if (this.wanted !== after) return;
    this.after.src = after;
    if (this.element.classList.contains('grey')) this.before.src = after;
    await this.after.decode().catch(() => {});
  }

  /** Let go of what the pictures take, until they are shown again. */
  clear() {
    this.wanted = '';
    for (const image of [this.before, this.after, this.overlay]) image.removeAttribute('src');
    this.element.classList.remove('grey');
  }

  /** No browser shows a TIFF: the result has the same lightness, so it stands in, in grey. */
  #useGrey() {
    if (this.element.classList.contains('grey') || !this.before.getAttribute('src')) return;
    this.element.classList.add('grey');
    if (this.wanted) this.before.src = this.wanted;
    this.element.dispatchEvent(new CustomEvent('no-original', { bubbles: true }));
  }
}
