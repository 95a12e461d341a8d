/** Photographs come in: dropped, pasted, or chosen, one by one or as folders. */

import { find } from './dom.js';
import { endingOf } from './format.js';

const MOST_FILES = 5000;
const READABLE = new Set([
  ...['jpg', 'jpeg', 'png', 'webp', 'avif', 'tif', 'tiff', 'bmp', 'gif'],
  ...['heic', 'heif', 'jp2', 'j2k', 'pgm', 'pnm', 'ppm'],
]);

/** @param {File} file */
function isPhotograph(file) {
  const image = file.type.startsWith('image/') && !file.type.startsWith('image/svg');
  return file.size > 0 && (image || READABLE.has(endingOf(file.name)));
}

/**
 * Hear of files from everywhere.
 *
 * @param {(files: File[], leftOut: number) => void} take
 */
export function setUpIntake(take) {
  /** @param {File[]} files */
  const sort = (files) => {
    const photographs = files.filter(isPhotograph);
    if (files.length) take(photographs, files.length - photographs.length);
  };
  setUpDrop(sort);
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    sort(files);
  });
  for (const [chooser, input] of [
    ['#choose-files', '#files'],
    ['#choose-folder', '#folder'],
  ]) {
    const field = find(/** @type {string} */ (input), HTMLInputElement);
    find(/** @type {string} */ (chooser), HTMLButtonElement).addEventListener('click', () =>
      field.click(),
    );
    field.addEventListener('change', () => {
      sort([...(field.files ?? [])]);
      field.value = '';
    });
  }
}

/** @param {(files: File[]) => void} take */
function setUpDrop(take) {
  const body = document.body;
  let depth = 0;
  /** @param {DragEvent} event */
  const hasFiles = (event) => event.dataTransfer?.types.includes('Files') ?? false;
  body.addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    body.classList.add('dropping');
  });
  body.addEventListener('dragleave', (event) => {
    if (hasFiles(event) && (depth -= 1) <= 0) body.classList.remove('dropping');
  });
  body.addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  body.addEventListener('drop', (event) => {
    if (!event.dataTransfer || !hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    body.classList.remove('dropping');
    void filesOf(event.dataTransfer).then(take);
  });
}

/** @param {DataTransfer} dropped @returns {Promise<File[]>} */
async function filesOf(dropped) {
  // Entries have to be taken before the event is over.
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return [...dropped.files];
  /** @type {File[]} */
  const found = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
}

/** @param {FileSystemEntry} entry @param {File[]} found */
async function walk(entry, found) {
  if (found.length >= MOST_FILES || entry.name.startsWith('.')) return;
  if (entry.isFile) {
    const file = /** @type {FileSystemFileEntry} */ (entry);
    found.push(await new Promise((done, failed) => file.file(done, failed)));
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    for (const each of some) await walk(each, found);
  }
}
