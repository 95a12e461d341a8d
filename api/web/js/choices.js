/** How new photographs are to be coloured, and in which format results come. */

import { ApiError, get } from './api.js';
import { el, fill, find } from './dom.js';
import { recall, remember } from './kept.js';

const KEY = 'tintype.choices';
const SHOWN = ['jpg', 'jpeg', 'png', 'webp', 'avif'];
const LOSSLESS = ['tif', 'tiff', 'bmp', 'pgm', 'pnm', 'ppm'];

/** @type {import('./types.js').Model[]} */
let models = [];
const choices = {
  model: '',
  format: '',
  on_color: 'recolor',
  .../** @type {object} */ (recall(KEY)),
};

/** Fill the form and hear it. */
export function setUpChoices() {
  const form = find('#choices', HTMLFormElement);
  for (const name of /** @type {const} */ (['model', 'format', 'on_color'])) {
    const select = find(`[name=${name}]`, HTMLSelectElement, form);
    select.value = choices[name];
    select.addEventListener('change', () => {
      choices[name] = select.value;
      remember(KEY, choices);
    });
  }
}

export async function loadModels() {
  try {
    models = /** @type {{ models: typeof models }} */ (await get('/v1/models', { patience: 60 }))
      .models;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return;
  }
  const select = find('#choices [name=model]', HTMLSelectElement);
  const installed = models.filter((model) => model.installed);
  const usual = models.find((model) => model.default);
  fill(
    select,
    el('option', { value: '' }, `Usual (${usual?.name ?? 'the default'})`),
    ...installed.map((model) => el('option', { value: model.name }, model.name)),
  );
  select.value = choices.model;
  if (select.selectedIndex < 0) select.value = choices.model = '';
}

/** @param {string} ending of the file's name @returns {import('./types.js').Options} */
export function optionsFor(ending) {
  /** @type {import('./types.js').Options} */
  const options = { keep_distribution: true };
  if (choices.model) options['model'] = choices.model;
  if (choices.on_color !== 'recolor') options['on_color'] = choices.on_color;
  const format = choices.format || formatFor(ending);
  if (format) options['format'] = format;
  return options;
}

/** What a browser can show, where it cannot show the original. @param {string} ending */
function formatFor(ending) {
  if (SHOWN.includes(ending)) return '';
  return LOSSLESS.includes(ending) ? 'png' : ending ? 'jpeg' : '';
}

/** @param {string | undefined} name */
export function usualTemperature(name) {
  const model = models.find((each) => (name ? each.name === name : each.default));
  return model?.temperature ?? 0.4;
}
