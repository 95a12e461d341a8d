/**
 * A dozen facts from EXIF (CIPA DC-008; TIFF 6.0), read from bytes that nobody vouches for: every
 * offset is checked, every count is bounded, and no chain is followed further than two directories.
 */

export const ENOUGH = 128 * 1024;
const MOST_ENTRIES = 200;
const MOST_TEXT = 100;
const MOST_SEGMENTS = 100;
const EXIF_IFD = 0x8769;
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8];

/** @type {Record<number, string>} */
const TAGS = {
  0x010f: 'make',
  0x0110: 'camera',
  0x0132: 'changed',
  0x829a: 'exposure',
  0x829d: 'aperture',
  0x8827: 'iso',
  0x9003: 'taken',
  0x920a: 'focal',
  0xa434: 'lens',
  0x010e: 'description',
  0x013b: 'artist',
};

/** @typedef {Record<string, string | number>} Raw */

/**
 * @param {ArrayBuffer} buffer the beginning of a JPEG, PNG, WebP or TIFF
 * @returns {[string, string][]} names and values for people; empty without EXIF
 */
export function summary(buffer) {
  try {
    const view = new DataView(buffer);
    const start = findTiff(view);
    return start === null ? [] : describe(readTiff(new DataView(buffer, start)));
  } catch (error) {
    // Beyond the end: cut short or malicious, which is all the same here.
    if (error instanceof RangeError) return [];
    throw error;
  }
}

/** @param {DataView} view @returns {number | null} where the TIFF header is */
function findTiff(view) {
  if (view.byteLength < 16) return null;
  const first = view.getUint32(0);
  if (first === 0x49492a00 || first === 0x4d4d002a) return 0;
  if (view.getUint16(0) === 0xffd8) return inJpeg(view);
  if (first === 0x89504e47)
    return inChunks(view, 8, 'eXIf', { little: false, before: 4, after: 4 });
  if (text(view, 0, 4) === 'RIFF') {
    return inChunks(view, 12, 'EXIF', { little: true, before: 0, after: 0 });
  }
  return null;
}

/** @param {DataView} view */
function inJpeg(view) {
  let at = 2;
  for (let n = 0; n < MOST_SEGMENTS && at + 10 < view.byteLength; n += 1) {
    const marker = view.getUint16(at);
    if (marker < 0xffc0 || marker === 0xffda) return null;
    if (marker === 0xffe1 && text(view, at + 4, 4) === 'Exif') return at + 10;
    at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return null;
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {string} wanted
 * @param {{ little: boolean, before: number, after: number }} form of PNG: length, name, data, CRC;
 *   of RIFF: name, length, data
 */
function inChunks(view, at, wanted, { little, before, after }) {
  for (let n = 0; n < MOST_SEGMENTS && at + 8 < view.byteLength; n += 1) {
    if (text(view, at + before, 4) === wanted) return at + 8;
    const length = view.getUint32(at + 4 - before, little);
    at += 8 + length + after + (little ? length % 2 : 0);
  }
  return null;
}

/** @param {DataView} view @returns {Raw} */
function readTiff(view) {
  const little = view.getUint16(0) === 0x4949;
  /** @type {Raw} */
  const found = {};
  const exif = readDirectory(view, view.getUint32(4, little), little, found);
  if (exif) readDirectory(view, exif, little, found);
  return found;
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {boolean} little
 * @param {Raw} found
 * @returns {number} where the EXIF directory is, or 0
 */
function readDirectory(view, at, little, found) {
  let exif = 0;
  const count = Math.min(view.getUint16(at, little), MOST_ENTRIES);
  for (let n = 0; n < count; n += 1) {
    const entry = at + 2 + 12 * n;
    const tag = view.getUint16(entry, little);
    const name = TAGS[tag];
    if (tag === EXIF_IFD) exif = view.getUint32(entry + 8, little);
    if (!name) continue;
    const value = read(view, entry, little);
    if (value !== null) found[name] ??= value;
  }
  return exif;
}

/** @param {DataView} view @param {number} entry @param {boolean} little */
function read(view, entry, little) {
  const type = view.getUint16(entry + 2, little);
  const count = view.getUint32(entry + 4, little);
  const bytes = (SIZES[type] ?? 0) * count;
  const at = bytes <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
  if (bytes === 0 || at + Math.min(bytes, MOST_TEXT) > view.byteLength) return null;
  if (type === 2) return text(view, at, Math.min(count, MOST_TEXT)).trim() || null;
  if (type === 3) return view.getUint16(at, little);
  if (type === 4) return view.getUint32(at, little);
  if (type !== 5) return null;
  const below = view.getUint32(at + 4, little);
  return below ? view.getUint32(at, little) / below : null;
}

/** @param {DataView} view @param {number} at @param {number} length */
function text(view, at, length) {
  let out = '';
  for (let n = 0; n < length; n += 1) {
    const code = view.getUint8(at + n);
    if (code === 0) break;
    if (code >= 32 && code !== 127) out += String.fromCharCode(code);
  }
  return out;
}

/** @param {Raw} raw @returns {[string, string][]} */
function describe(raw) {
  const camera = String(raw['camera'] ?? '');
  const make = String(raw['make'] ?? '');
  const number = (/** @type {string} */ name) => Number(raw[name] ?? 0);
  const exposure = number('exposure');
  const taken = String(raw['taken'] ?? raw['changed'] ?? '');
  /** @type {[string, string][]} */
  const facts = [
    ['Camera', camera.startsWith(make) ? camera : `${make} ${camera}`.trim()],
    ['Lens', String(raw['lens'] ?? '')],
    ['Taken', taken.replace(/^(\d{4}):(\d\d):/, '$1-$2-')],
    [
      'Exposure',
      !exposure ? '' : exposure < 1 ? `1/${Math.round(1 / exposure)} s` : `${exposure} s`,
    ],
    ['Aperture', number('aperture') ? `f/${number('aperture').toFixed(1)}` : ''],
    ['Sensitivity', number('iso') ? `ISO ${number('iso')}` : ''],
    ['Focal length', number('focal') ? `${Math.round(number('focal'))} mm` : ''],
    ['By', String(raw['artist'] ?? '')],
    ['Description', String(raw['description'] ?? '')],
  ];
  return facts.filter(([, value]) => value !== '');
}
