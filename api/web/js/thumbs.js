/** Small pictures of files, made on this machine, a few at a time. */

import { Pool } from './pool.js';

const WIDTH = 420;
const pool = new Pool(2);

/**
 * @param {Blob} file
 * @returns {Promise<string | null>} address of a small JPEG, to be revoked; null if the browser cannot
 *   read the file
 */
export function thumbnail(file) {
  return pool.run(async () => {
    try {
      const bitmap = await createImageBitmap(file, { resizeWidth: WIDTH, resizeQuality: 'medium' });
      const canvas = document.createElement('canvas');
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
      bitmap.close();
      const blob = await new Promise((/** @type {(made: Blob | null) => void} */ done) =>
        canvas.toBlob(done, 'image/jpeg', 0.8),
      );
      return blob && URL.createObjectURL(blob);
    } catch {
      return null;
    }
  });
}
