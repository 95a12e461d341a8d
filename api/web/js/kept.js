/** What the page remembers over a reload, in this browser alone. */

const KEY = 'tintype.cards';
const MOST = 500;
let sealed = false;

/**
 * @typedef {{ id: string, shown: string, part: string, name: string }} Kept
 * `id`: of the job; `shown`: of the decoding of it that is shown; `part`: which variant.
 */

/** @param {string} key @returns {unknown} */
export function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** @param {string} key @param {unknown} value */
export function remember(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full, or forbidden: the page works without.
  }
}

/** @returns {Kept[]} */
export function keptCards() {
  const found = recall(KEY);
  if (!Array.isArray(found)) return [];
  return found.filter((each) =>
    ['id', 'shown', 'part', 'name'].every((name) => typeof each?.[name] === 'string'),
  );
}

/** @param {Kept[]} cards */
export function keepCards(cards) {
  if (!sealed) remember(KEY, cards.slice(0, MOST));
}

/** Forget all cards; what this page still has under way is not kept, either. */
export function forgetCards() {
  remember(KEY, []);
  sealed = true;
}
