/** What a card has to unfold: other colours, and what is known of the photograph. */

import { describe } from './about.js';
import { button, el } from './dom.js';

/**
 * @param {HTMLElement | null} panel null if nothing was kept to be decoded again
 * @param {() => unknown} makeAdjustable
 */
export function adjusting(panel, makeAdjustable) {
  const instead = () =>
    el(
      'div',
      { class: 'adjust' },
      el(
        'p',
        { class: 'quiet' },
        'What the network said was not kept, so it has to run once more.',
      ),
      button('Make it adjustable', makeAdjustable),
    );
  return el('details', {}, el('summary', {}, 'Adjust colours'), panel ?? instead());
}

/** @param {import('./types.js').Job} job @param {File | null} file */
export function about(job, file) {
  const place = el('div', { class: 'about' });
  const panel = el('details', {}, el('summary', {}, 'About this photograph'), place);
  panel.addEventListener('toggle', () => {
    if (panel.open && !place.firstChild) void describe(place, job, file);
  });
  return panel;
}
