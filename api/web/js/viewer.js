/** Full screen, at full resolution: split or side by side, with one zoom for both pictures. */

import { Compare } from './compare.js';
import { button, el } from './dom.js';
import { Zoom } from './zoom.js';

/** @typedef {import('./compare.js').Pictures} Pictures */

class Viewer {
  constructor() {
    this.compare = new Compare({ anywhere: false });
    this.zoom = new Zoom(this.compare.element);
    this.title = el('h2', { id: 'viewer-title' });
    this.side = button('Side by side', () => this.#toggle(), { 'aria-pressed': 'false' });
    this.save = el('a', { class: 'button', download: true }, 'Download');
    this.dialog = el(
      'dialog',
      { class: 'viewer', 'aria-labelledby': 'viewer-title' },
      el(
        'header',
        {},
        this.title,
        this.side,
        button('−', () => this.zoom.by(0.8), { 'aria-label': 'Zoom out' }),
        button('+', () => this.zoom.by(1.25), { 'aria-label': 'Zoom in' }),
        button('Fit', () => this.zoom.reset()),
        this.save,
        button('Close', () => this.close()),
      ),
      this.compare.element,
    );
    this.dialog.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.zoom.press(event.key)) event.preventDefault();
    });
    this.dialog.addEventListener('close', () => this.compare.clear());
    document.body.append(this.dialog);
  }

  /** @param {Pictures} pictures @param {string} name @param {string} download */
  async open(pictures, name, download) {
    this.title.textContent = name;
    this.save.href = download;
    this.dialog.showModal();
    this.zoom.reset();
    this.compare.divider.set(50);
    this.compare.divider.handle.focus();
    await this.compare.show(pictures);
  }

  close() {
    this.dialog.close();
  }

  #toggle() {
    const side = this.compare.element.classList.toggle('side');
    this.side.setAttribute('aria-pressed', String(side));
    this.zoom.reset();
  }
}

/** @type {Viewer | null} */
let viewer = null;

/** @param {Pictures} pictures @param {string} name @param {string} download */
export function openViewer(pictures, name, download) {
  viewer ??= new Viewer();
  return viewer.open(pictures, name, download);
}
