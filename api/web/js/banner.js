/** A banner while the service does not answer. */

import { ApiError, onAnswer, request } from './api.js';
import { find } from './dom.js';
import { tracker } from './tracker.js';

const IDLE_MS = 10_000;
const DOWN_MS = 2_000;

export function setUpBanner() {
  const banner = find('#offline', HTMLElement);
  let up = true;
  onAnswer((answered) => {
    if (answered === up) return;
    up = answered;
    banner.hidden = up;
    if (up) void tracker.lookAnew();
    else setTimeout(askAgain, DOWN_MS);
  });
  const askAgain = async () => {
    await ask();
    if (!up) setTimeout(askAgain, DOWN_MS);
  };
  setInterval(() => up && !document.hidden && void ask(), IDLE_MS);
}

async function ask() {
  try {
    await request('GET', '/healthz');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}
