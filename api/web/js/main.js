/** The page: four views, one at a time, by the hash of the address. */

import { setUpBanner } from './banner.js';
import { setUpBatches } from './batches.js';
import { find } from './dom.js';
import { setUpGallery } from './gallery.js';
import { setUpOperations } from './operations.js';
import { setUpSession } from './session.js';
import { setUpStudio } from './studio.js';
import { setUpTheme } from './theme_toggle.js';

/** @typedef {{ show: () => void, hide: () => void }} View */

const TITLES = {
  studio: 'Colour',
  gallery: 'Gallery',
  batches: 'Batches',
  operations: 'Operations',
};

/** @param {Record<string, View>} views */
function setUpViews(views) {
  let current = '';
  const go = () => {
    const wanted = location.hash.replace(/^#\/?/, '') || 'studio';
    const name = wanted in TITLES ? wanted : 'studio';
    if (name === current) return;
    views[current]?.hide();
    for (const section of document.querySelectorAll('main > section')) {
      section.toggleAttribute('hidden', section.id !== name);
    }
    for (const link of document.querySelectorAll('nav a')) {
      if (link.getAttribute('href') === `#/${name === 'studio' ? '' : name}`)
        link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    document.title = `${TITLES[/** @type {keyof typeof TITLES} */ (name)]} – Tintype`;
    // At the start the page has the focus; later the view's heading tells where one is.
    if (current) find(`#${name} h1`, HTMLElement).focus();
    current = name;
    views[name]?.show();
  };
  addEventListener('hashchange', go);
  go();
}

setUpTheme();
setUpBanner();
void setUpSession().then(() => {
  setUpStudio();
  setUpViews({ gallery: setUpGallery(), batches: setUpBatches(), operations: setUpOperations() });
});
