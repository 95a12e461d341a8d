/** What is known of a photograph and of the work on it. */

import { ApiError, request } from './api.js';
import { el, fill } from './dom.js';
import { ENOUGH, summary } from './exif.js';
import { duration, size, when } from './format.js';
import { beginning } from './links.js';

/** @typedef {import('./types.js').Job} Job */

/** @type {[keyof import('./types.js').Timings, string][]} */
const TIMES = [
  ['queued_ms', 'Waited'],
  ['fetch_ms', 'Read'],
  ['decode_ms', 'Decoded'],
  ['infer_ms', 'Network'],
  ['compose_ms', 'Composed'],
  ['encode_ms', 'Encoded'],
  ['store_ms', 'Saved'],
];

/** @param {HTMLElement} place @param {Job} job @param {Blob | null} file */
export async function describe(place, job, file) {
  const facts = factsOf(job);
  fill(place, list(facts));
  const exif = await exifOf(job, file);
  fill(
    place,
    list([...facts, ...exif]),
    exif.length ? null : el('p', { class: 'quiet' }, 'No EXIF in the file.'),
  );
}

/** Milliseconds of work, without the wait before it. @param {Job} job */
export function worked(job) {
  return TIMES.slice(1).reduce((sum, [name]) => sum + (job.timings[name] ?? 0), 0);
}

/** @param {Job} job @returns {[string, string][]} */
function factsOf(job) {
  const sizes = job.width ? `${job.width} × ${job.height}` : '';
  /** @type {[string, string][]} */
  const facts = [
    ['Size', [sizes, job.bytes ? size(job.bytes) : ''].filter(Boolean).join(', ')],
    ['Original', `${job.source.bucket}/${job.source.key}`],
    ['Result', job.destination ? `${job.destination.bucket}/${job.destination.key}` : ''],
    ['Network', job.model?.name ?? ''],
    ['Unsure', job.ambiguity === null ? '' : `${Math.round(job.ambiguity * 100)} %`],
    ['Submitted', when(job.created)],
  ];
  for (const [name, word] of TIMES) {
    const ms = job.timings[name];
    if (ms !== null) facts.push([word, duration(ms)]);
  }
  return facts.filter(([, value]) => value !== '');
}

/** @param {[string, string][]} facts */
function list(facts) {
  return el(
    'dl',
    {},
    ...facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );
}

/** @param {Job} job @param {Blob | null} file */
async function exifOf(job, file) {
  try {
    if (file) return summary(await file.slice(0, ENOUGH).arrayBuffer());
    const response = await request('GET', beginning(job.id, ENOUGH));
    return summary(await response.arrayBuffer());
  } catch (error) {
    if (error instanceof ApiError || error instanceof DOMException) return [];
    throw error;
  }
}
