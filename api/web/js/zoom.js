/** Zoom and pan by wheel, pinch, drag and keyboard, as three custom properties of one element. */

const MOST = 16;
const KEY_PAN = 60;

export class Zoom {
  /** @param {HTMLElement} element gets --zoom, --x and --y; both pictures follow them */
  constructor(element) {
    this.element = element;
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
    /** @type {Map<number, { x: number, y: number }>} */
    this.fingers = new Map();
    element.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    element.addEventListener('pointerdown', (event) => this.#down(event));
    element.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel']) {
      element.addEventListener(end, (event) => {
        this.fingers.delete(/** @type {PointerEvent} */ (event).pointerId);
      });
    }
    element.addEventListener('dblclick', (event) => {
      this.by(this.zoom > 1 ? 1 / this.zoom : 4, event.clientX, event.clientY);
    });
    this.reset();
  }

  reset() {
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
    this.#apply();
  }

  /**
   * Zoom, and keep what is at a point of the window there.
   *
   * @param {number} factor
   * @param {number} [clientX]
   * @param {number} [clientY]
   */
  by(factor, clientX, clientY) {
    const box = this.element.getBoundingClientRect();
    const next = Math.min(MOST, Math.max(1, this.zoom * factor));
    const real = next / this.zoom;
    // Seen from the middle, about which the pictures are scaled.
    const dx = (clientX ?? box.left + box.width / 2) - box.left - box.width / 2;
    const dy = (clientY ?? box.top + box.height / 2) - box.top - box.height / 2;
    this.x = dx - (dx - this.x) * real;
    this.y = dy - (dy - this.y) * real;
    this.zoom = next;
    this.#apply();
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#apply();
  }

  /** Whether a key was one of ours. @param {string} key */
  press(key) {
    /** @type {Record<string, () => void>} */
    const keys = {
      '+': () => this.by(1.25),
      '=': () => this.by(1.25),
      '-': () => this.by(0.8),
      0: () => this.reset(),
      ArrowLeft: () => this.pan(KEY_PAN, 0),
      ArrowRight: () => this.pan(-KEY_PAN, 0),
      ArrowUp: () => this.pan(0, KEY_PAN),
      ArrowDown: () => this.pan(0, -KEY_PAN),
    };
    keys[key]?.();
    return key in keys;
  }

  #apply() {
    const box = this.element.getBoundingClientRect();
    const reach = (/** @type {number} */ side) => (side * (this.zoom - 1)) / 2;
    this.x = Math.min(reach(box.width), Math.max(-reach(box.width), this.x));
    this.y = Math.min(reach(box.height), Math.max(-reach(box.height), this.y));
    const style = this.element.style;
    style.setProperty('--zoom', String(this.zoom));
    style.setProperty('--x', `${this.x}px`);
    style.setProperty('--y', `${this.y}px`);
    this.element.dataset['zoom'] = this.zoom.toFixed(2);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    this.by(Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const last = this.fingers.get(event.pointerId);
    if (!last) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, now);
    if (!other) return this.pan(now.x - last.x, now.y - last.y);
    const apart = (/** @type {{ x: number, y: number }} */ point) =>
      Math.hypot(point.x - other.x, point.y - other.y);
    this.by(apart(now) / Math.max(1, apart(last)), (now.x + other.x) / 2, (now.y + other.y) / 2);
  }
}
