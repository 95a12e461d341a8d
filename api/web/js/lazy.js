/** Working for what is on the screen, or nearly, alone: two hundred cards are light then. */

/** @type {WeakMap<Element, (near: boolean) => void>} */
const handlers = new WeakMap();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) handlers.get(entry.target)?.(entry.isIntersecting);
  },
  { rootMargin: '600px' },
);

/** @param {Element} element @param {(near: boolean) => void} handler */
export function whenNear(element, handler) {
  handlers.set(element, handler);
  observer.observe(element);
}

/** @param {Element} element */
export function forget(element) {
  handlers.delete(element);
  observer.unobserve(element);
}
