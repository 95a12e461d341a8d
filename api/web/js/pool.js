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
    if (this.running < this.most) this.running += 1;
    else await new Promise((go) => this.waiting.push(() => go(undefined)));
    try {
      return await task();
    } finally {
      // The place goes on to whoever waits, so that nobody comes in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}

/** @param {number} ms @returns {Promise<void>} */
export function pause(ms) {
  return new Promise((go) => setTimeout(go, ms));
}
