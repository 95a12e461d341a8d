/** What to do about an error, in one sentence, by its stable code. */

/** @type {Record<string, string>} */
const ADVICE = {
  broken_image: 'The file is damaged or cut short. Scan or export it again.',
  unsupported_format: 'Use JPEG, PNG, TIFF, WebP, AVIF or JPEG 2000.',
  image_too_large: 'Make the picture smaller, or raise TINTYPE_MAX_PIXELS.',
  object_too_large: 'Make the file smaller, or raise TINTYPE_MAX_BYTES.',
  body_too_large: 'Make the file smaller, or raise TINTYPE_MAX_BYTES.',
  empty_object: 'The file has no bytes. Choose it again.',
  source_not_found: 'The photograph is not in storage any more. Upload it again.',
  bucket_not_found: 'There is no such bucket. Check its name.',
  bucket_forbidden: 'This service may not use that bucket: see TINTYPE_BUCKETS.',
  result_gone: 'Someone has deleted it. Have it made again.',
  already_color: 'The photograph is in colour. Choose “Colour them again” to recolour it.',
  out_of_memory: 'Try again, or make the picture smaller.',
  timeout: 'Try again when the service is less busy, or make the picture smaller.',
  worker_lost: 'The worker went away several times. Try again; if it goes on, see its log.',
  model_not_installed: 'Ask the operator to run “tintype models pull”.',
  queue_full: 'Many jobs are waiting. Try again in a minute.',
  too_many_streams: 'Many pages are open. This one looks now and then instead.',
  storage_unavailable: 'Storage is away. Try again in a minute.',
  queue_unavailable: 'The queue is away. Try again in a minute.',
  distribution_mismatch: 'The photograph has changed since. Upload it again.',
  unreachable: 'Check that the service runs and that you are connected.',
};

/** @param {string} code */
export function adviceFor(code) {
  return ADVICE[code] ?? 'Try again; if it goes on, tell the operator this code.';
}
