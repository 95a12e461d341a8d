/** Signing in, where the service asks for a key: it is swapped for a cookie and kept nowhere. */

import { askPlainly, onStaleToken, onUnauthorized, useCsrf } from './api.js';
import { find } from './dom.js';
import { forgetCards, recall, remember } from './kept.js';

const KEY = 'tintype.signed-in';
const SESSION = '/v1/session';

export async function setUpSession() {
  const dialog = find('#sign-in', HTMLDialogElement);
  const out = find('#sign-out', HTMLButtonElement);
  onUnauthorized(() => ask(dialog, out));
  onStaleToken(() => resume(out));
  out.addEventListener('click', () => void signOut(out));
  if (recall(KEY)) await resume(out);
}

/** @param {HTMLButtonElement} out @returns {Promise<boolean>} whether there is a session */
async function resume(out) {
  const response = await askPlainly('GET', SESSION);
  if (response?.ok) signedIn(out, await response.json());
  return response?.ok ?? false;
}

/** @param {HTMLButtonElement} out @param {{ csrf: string }} session */
function signedIn(out, session) {
  useCsrf(session.csrf);
  remember(KEY, true);
  out.hidden = false;
}

/** @param {HTMLButtonElement} out */
async function signOut(out) {
  await askPlainly('DELETE', SESSION);
  remember(KEY, false);
  // Whoever signs in next is not told what these were called.
  forgetCards();
  useCsrf('');
  out.hidden = true;
  location.reload();
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLButtonElement} out
 * @returns {Promise<boolean>} whether there is a session now
 */
function ask(dialog, out) {
  const form = find('form', HTMLFormElement, dialog);
  const field = find('input', HTMLInputElement, form);
  const message = find('.error-text', HTMLElement, form);
  return new Promise((resolve) => {
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const response = await askPlainly('POST', SESSION, { json: { key: field.value.trim() } });
      if (!response?.ok) {
        message.textContent =
          response?.status === 401
            ? 'This key is not known here.'
            : 'Signing in did not work. Try again.';
        return;
      }
      signedIn(out, await response.json());
      dialog.close('in');
    };
    const close = () => {
      form.removeEventListener('submit', submit);
      field.value = message.textContent = '';
      resolve(dialog.returnValue === 'in');
    };
    dialog.returnValue = '';
    form.addEventListener('submit', submit);
    dialog.addEventListener('close', close, { once: true });
    if (!dialog.open) dialog.showModal();
  });
}
