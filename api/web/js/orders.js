/** Ordering a photograph's colours from the service. */

import { call, newKey, post } from './api.js';
import { optionsFor } from './choices.js';
import { baseName, endingOf } from './format.js';

/**
 * @typedef {import('./types.js').Job} Job
 * @typedef {import('./api.js').ApiError} ApiError
 */

const PATIENCE = 1800;

/**
 * Upload a file, or name what is in a bucket. A busy service is asked again for half an hour; the key
 * makes sure that it makes one job of it however often it is asked.
 *
 * @param {import('./card.js').Origin} origin
 * @param {string} key
 * @param {{ onProgress: (share: number) => void, onWait: (reason: ApiError) => void }} heard
 * @returns {Promise<Job>}
 */
export function order(origin, key, { onProgress, onWait }) {
  const { file, source, destination } = origin;
  const options = optionsFor(endingOf(source?.key ?? origin.name));
  const asked = { headers: { 'Idempotency-Key': key }, patience: PATIENCE, onWait };
  if (!file)
    return post('/v1/jobs', { source, options, ...(destination && { destination }) }, asked);
  const form = new FormData();
  form.set('options', JSON.stringify(options));
  form.set('file', file, file.name);
  return call('POST', '/v1/jobs', { ...asked, form, onProgress });
}

/**
 * Where another result goes: into the bucket of the first, where the source's own is only read.
 *
 * @param {Job} job
 */
export function placeBeside({ source, destination }) {
  if (!destination || destination.bucket === source.bucket) return {};
  const key = `colorized/${source.bucket}/${newKey()}-${baseName(destination.key)}`;
  return { destination: { bucket: destination.bucket, key } };
}
