/** Doing a bounded number of things at a time. */

export class Pool {
  /** @param {number} most */
  constructor(most) {
    this.most = most;
    this.running = 0;
    /** @type {(() => void)[]} */
    this.waiting = [];
  }

  /**
   * @template T
   * @param {() => Promise<T>} task
   * @returns {Promise<T>}
   */
  async run(task) {
    if (this.running >= this.most) await new Promise((go) => this.waiting.push(() => go(undefined)));
    this.running += 1;
    try {
      return await task();
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }
}

/** @param {number} ms @returns {Promise<void>} */
export function pause(ms) {
  return new Promise((go) => setTimeout(go, ms));
}
