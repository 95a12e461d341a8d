/**
 * The stream of all changes (Server-Sent Events), read by fetch: unlike EventSource it can say where
 * it was cut, hears what a refusal says, and goes through the one place for requests.
 */

import { ApiError, request } from './api.js';
import { pause } from './pool.js';

const SILENCE = 20_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5_000;

/**
 * @typedef {{ onEvent: (name: string, data: unknown) => void, onGap: () => void }} Listener
 * `onGap`: something may have been missed; look at everything anew.
 */

export class EventStream {
  /** @param {string} path @param {Listener} listener */
  constructor(path, listener) {
    this.path = path;
    this.listener = listener;
    this.lastId = '';
    /** @type {AbortController | null} */
    this.open = null;
  }

  get running() {
    return this.open !== null;
  }

  async start() {
    if (this.open) return;
    const mine = (this.open = new AbortController());
    let wait = FIRST_PAUSE;
    while (this.open === mine) {
      const began = Date.now();
      try {
        await this.#read(mine);
      } catch (error) {
        if (this.open !== mine) return;
        // Too many streams are open, or the service is away: look now and then instead.
        if (error instanceof ApiError && error.status !== 0) this.listener.onGap();
      }
      wait = Date.now() - began > SILENCE ? FIRST_PAUSE : Math.min(wait * 1.6, LONGEST_PAUSE);
      await pause(wait);
    }
  }

  stop() {
    this.open?.abort();
    this.open = null;
    // What happens until it is wanted again is not: cards look for themselves then.
    this.lastId = '';
  }

  /** @param {AbortController} mine */
  async #read(mine) {
    /** @type {Record<string, string>} */
    const headers = this.lastId ? { 'Last-Event-ID': this.lastId } : {};
    const resumed = this.lastId !== '';
    // A connection that went away without a word is given up when its heartbeat stops.
    const cut = new AbortController();
    const signal = AbortSignal.any([mine.signal, cut.signal]);
    const response = await request('GET', this.path, { headers, signal });
    if (!response.body) return;
    if (!resumed) this.listener.onGap();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const alarm = setTimeout(() => cut.abort(), SILENCE);
      const { done, value } = await reader.read().finally(() => clearTimeout(alarm));
      if (done) return;
      const frames = (text + value).split('\n\n');
      text = frames.pop() ?? '';
      for (const frame of frames) this.#hear(frame);
    }
  }

  /** @param {string} frame */
  #hear(frame) {
    let [name, data] = ['', ''];
    for (const line of frame.split('\n')) {
      if (line.startsWith('id: ')) this.lastId = line.slice(4);
      if (line.startsWith('event: ')) name = line.slice(7);
      if (line.startsWith('data: ')) data += line.slice(6);
    }
    if (name === 'gap') this.listener.onGap();
    else if (name) this.listener.onEvent(name, JSON.parse(data));
  }
}
