/** Addresses of what belongs to a job. */

/** @param {string} id @param {string} [part] */
export function shown(id, part = 'result') {
  return `/v1/jobs/${id}/result?inline=1&part=${part}`;
}

/** @param {string} id @param {string} [part] */
export function download(id, part = 'result') {
  return `/v1/jobs/${id}/result?download=1&part=${part}`;
}

/** @param {string} id @param {number} bytes */
export function beginning(id, bytes) {
  return `/v1/jobs/${id}/result?part=source&bytes=${bytes}`;
}
