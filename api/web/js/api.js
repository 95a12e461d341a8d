/**
 * Every request of the page goes through here: one place for headers, for patience with a busy
 * service, for signing in, and for knowing whether the service answers.
 */

import { pause } from './pool.js';

/** What the service, or the way to it, answered instead of what was asked for. */
export class ApiError extends Error {
  /** @param {number} status 0: no answer @param {string} code @param {string} detail */
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/**
 * @typedef {{ json?: unknown, form?: FormData, headers?: Record<string, string>,
 *   patience?: number, signal?: AbortSignal, onProgress?: (share: number) => void,
 *   onWait?: (reason: ApiError) => void }} Asked
 * `patience`: seconds that a busy or absent service is asked again.
 */

const LONGEST_PAUSE = 15_000;
let csrf = '';
/** @type {() => Promise<boolean>} */
let signIn = async () => false;
/** @type {() => Promise<boolean>} */
let resume = async () => false;
/** @type {Promise<boolean> | null} */
let signingIn = null;
/** @type {(up: boolean) => void} */
let onConnection = () => {};

/** @param {string} token */
export function useCsrf(token) {
  csrf = token;
}

/** @param {() => Promise<boolean>} handler asks for a key; whether there is a session after it */
export function onUnauthorized(handler) {
  signIn = handler;
}

/** @param {() => Promise<boolean>} handler learns the token anew; whether there is one */
export function onStaleToken(handler) {
  resume = handler;
}

/** @param {(up: boolean) => void} handler hears after each request whether the service answered */
export function onAnswer(handler) {
  onConnection = handler;
}

/**
 * Ask for JSON.
 *
 * @template T
 * @param {string} method
 * @param {string} path
 * @param {Asked} [asked]
 * @returns {Promise<T>}
 */
export async function call(method, path, asked = {}) {
  const response = await request(method, path, asked);
  return /** @type {T} */ (response.status === 204 ? null : await response.json());
}

/** @template T @param {string} path @param {Asked} [asked] @returns {Promise<T>} */
export function get(path, asked = {}) {
  return call('GET', path, asked);
}

/** @template T @param {string} path @param {unknown} [json] @param {Asked} [asked] @returns {Promise<T>} */
export function post(path, json, asked = {}) {
  return call('POST', path, { json: json ?? {}, ...asked });
}

/**
 * Return an answer with a good status.
 *
 * @param {string} method
 * @param {string} path
 * @param {Asked} [asked]
 * @returns {Promise<Response>}
 */
export async function request(method, path, asked = {}) {
  const deadline = Date.now() + (asked.patience ?? 0) * 1000;
  let resumed = false;
  for (let tries = 1; ; tries += 1) {
    try {
      const response = await once(method, path, asked);
      if (response.ok) return response;
      throw await asError(response);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401 && (await askForKey())) continue;
      // Another tab has signed in since, or the browser kept the cookie and nothing else.
      if (error.code === 'csrf_refused' && !resumed) {
        resumed = true;
        if (await resume()) continue;
      }
      if (!passes(error) || Date.now() > deadline) throw error;
      asked.onWait?.(error);
      await pause(wait(error, tries));
    }
  }
}

/** @param {string} method @param {string} path @param {Asked} asked */
async function once(method, path, asked) {
  try {
    const response =
      asked.form && asked.onProgress
        ? await send(path, asked.form, headers(method, asked), asked.onProgress)
        : await fetch(path, {
            method,
            headers: headers(method, asked),
            body: asked.form ?? (asked.json === undefined ? null : JSON.stringify(asked.json)),
            signal: asked.signal ?? null,
            credentials: 'same-origin',
          });
    const answer = await whole(response);
    onConnection(true);
    return answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    onConnection(false);
    throw new ApiError(0, 'unreachable', 'The service does not answer. It is tried again.');
  }
}

/**
 * Wait for the body, so that a connection lost in the middle of it counts as no answer. Streams go on.
 *
 * @param {Response} response
 */
async function whole(response) {
  const type = response.headers.get('Content-Type') ?? '';
  if (!response.body || type.startsWith('text/event-stream')) return response;
  return new Response(await response.arrayBuffer(), response);
}

/** @param {string} method @param {Asked} asked @returns {Record<string, string>} */
function headers(method, asked) {
  /** @type {Record<string, string>} */
  const all = { ...asked.headers };
  if (asked.json !== undefined) all['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrf) all['X-CSRF-Token'] = csrf;
  return all;
}

/**
 * POST a form and hear how much of it has been sent, which fetch does not tell.
 *
 * @param {string} path
 * @param {FormData} form
 * @param {Record<string, string>} headers
 * @param {(share: number) => void} onProgress
 * @returns {Promise<Response>}
 */
function send(path, form, headers, onProgress) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open('POST', path);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => event.total && onProgress(event.loaded / event.total);
    xhr.onload = () => {
      const told = new Headers();
      for (const name of ['Retry-After', 'Content-Type']) {
        const value = xhr.getResponseHeader(name);
        if (value) told.set(name, value);
      }
      resolve(new Response(xhr.responseText, { status: xhr.status, headers: told }));
    };
    xhr.onerror = () => reject(new TypeError('the connection was lost'));
    xhr.send(form);
  });
}

/** @param {Response} response */
async function asError(response) {
  const problem = await response.json().catch(() => ({}));
  const detail = String(problem.detail ?? `The service answered ${response.status}.`);
  const error = new ApiError(response.status, String(problem.code ?? 'unknown'), detail);
  return Object.assign(error, { retryAfter: Number(response.headers.get('Retry-After')) || 0 });
}

/** Whether the same request may do better later. @param {ApiError} error */
export function passes(error) {
  return [0, 429, 502, 503].includes(error.status);
}

/** @param {ApiError & { retryAfter?: number }} error @param {number} tries */
function wait(error, tries) {
  const told = (error.retryAfter ?? 0) * 1000;
  const own = 500 * 2 ** Math.min(tries - 1, 5) * (0.75 + Math.random() / 2);
  return Math.min(Math.max(told, own), LONGEST_PAUSE);
}

/** One dialog, however many requests were refused. */
async function askForKey() {
  signingIn ??= signIn().finally(() => {
    signingIn = null;
  });
  return signingIn;
}

/**
 * Ask once, and take whatever the answer is: for signing in itself, and for parts of the page.
 *
 * @param {string} method
 * @param {string} path
 * @param {Asked} [asked]
 * @returns {Promise<Response | null>} null if there is no answer
 */
export async function askPlainly(method, path, asked = {}) {
  try {
    return await once(method, path, asked);
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/** A key that makes an order safe to send again; also where pages are not "secure". */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
