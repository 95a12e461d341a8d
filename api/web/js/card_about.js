/** The panel of a card that says what is known of its photograph, once someone opens it. */

import { describe } from './about.js';
import { el } from './dom.js';

/** @param {import('./types.js').Job} job @param {File | null} file */
export function about(job, file) {
  const place = el('div', { class: 'about' });
  const panel = el('details', {}, el('summary', {}, 'About this photograph'), place);
  panel.addEventListener('toggle', () => {
    if (panel.open && !place.firstChild) void describe(place, job, file);
  });
  return panel;
}
