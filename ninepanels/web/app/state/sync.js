// @ts-check
// Keeps this device and the service the same: when to send taps, to read changes, and to follow the stream.

import { ApiError, Unreachable } from "../api.js";
import { computed, effect, signal, untracked } from "../vendor/preact.js";
import { checkDay, readChanges } from "./changes.js";
import * as device from "./device.js";
import * as leaving from "./leaving.js";
import { exclusively } from "./locks.js";
import { Postponed, sendTaps } from "./outbox.js";
import { needsLogin, refreshUser } from "./session.js";
import { readStream } from "./stream.js";
import * as today from "./today.js";

export { dismissRefusals, refusals } from "./outbox.js";

const SECOND_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** After this time, a tab that the system has suspended does not keep others from sending: doing it twice is harmless. */
const PATIENCE_MS = 30_000;
/** For how long a page that is not visible follows the stream. */
const HIDDEN_MS = 60_000;

const isReachable = signal(true);

/** "live": everything is sent, and changes on other devices show; "sending": taps are on their way; "offline": the
 * service does not answer; "login": the login has expired. */
export const connection = computed(() => {
  if (needsLogin.value) return "login";
  if (!isReachable.value) return "offline";
  return device.waiting.value.size > 0 ? "sending" : "live";
});

/** @type {AbortController | null} */
let following = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let hiding;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retrying;
let failures = 0;
/** Before, the service does not want another request; as `performance.now()`. */
let notBefore = 0;

/** Reads what this device knows, and starts to follow the service. Called once, by main.js. */
export async function start() {
  await leaving.take().catch(console.error);
  await device.start();
  today.start();
  if (device.token.value) refreshUser().catch(() => {});
  effect(() => {
    const isValid = device.token.value !== null;
    untracked(() => {
      unfollow();
      if (isValid) resume();
    });
  });
  addEventListener("online", () => {
    unfollow();
    resume();
  });
  // What the browser says may be wrong: the service can be on this machine.
  addEventListener("offline", () => exchange());
  addEventListener("pagehide", leaving.leave);
  leaving.watch(() => leaving.take().then(() => exchange()));
  addEventListener("pageshow", async (event) => {
    if (!event.persisted) return;
    unfollow();
    await leaving.take();
    resume();
  });
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(unfollow, HIDDEN_MS);
    else resume();
  });
}

function resume() {
  if (device.token.value === null) return;
  exchange();
  if (!document.hidden) follow();
}

/**
 * Sends the taps that wait, and then reads what has changed. Only one tab does this at a time. It does not throw: what
 * fails is repeated later.
 *
 * @param {{reads?: boolean}} [options] - Whether to read, too.
 */
export async function exchange({ reads = true } = {}) {
  if (performance.now() < notBefore) return;
  clearTimeout(retrying);
  try {
    await exclusively("exchange", () => sendAndRead(reads), AbortSignal.timeout(PATIENCE_MS)).catch((error) => {
      if (error.name !== "TimeoutError") throw error;
      return sendAndRead(reads);
    });
    isReachable.value = true;
    failures = 0;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return;
    if (!(error instanceof ApiError || error instanceof Unreachable || error instanceof Postponed)) console.error(error);
    isReachable.value = error instanceof Postponed;
    notBefore = performance.now() + leastPause(error);
    clearTimeout(retrying);
    retrying = setTimeout(exchange, pauseAfter(error, ++failures));
  }
}

/** @param {boolean} reads */
async function sendAndRead(reads) {
  if (device.token.value === null) return;
  const isOutdated = await sendTaps();
  if (reads || isOutdated) await readChanges();
}

/** Follows the stream, if no other tab does. */
function follow() {
  if (following) return;
  following = new AbortController();
  const { signal } = following;
  exclusively("stream", () => followUntil(signal), signal).catch(() => {});
}

function unfollow() {
  following?.abort();
  following = null;
}

/** @param {AbortSignal} signal */
async function followUntil(signal) {
  for (let attempts = 1; !signal.aborted; attempts++) {
    let pause = 0;
    try {
      await readStream({
        signal,
        onEvent(type, data) {
          attempts = 0;
          isReachable.value = true;
          if (type === "retry") pause = data;
          else if (type === "day") checkDay(data.day).catch(() => {});
          else if (data.revision !== device.known.value?.revision) exchange();
        },
      });
    } catch (error) {
      if (signal.aborted) return;
      pause = pauseAfter(error, attempts);
      // Without a stream, ask.
      await exchange();
    }
    await wait(pause || pauseAfter(null, attempts), signal);
  }
}

/** @param {unknown} error */
function leastPause(error) {
  return error instanceof ApiError ? (error.retryAfter ?? 0) * SECOND_MS : 0;
}

/**
 * @param {unknown} error
 * @param {number} attempts
 */
function pauseAfter(error, attempts) {
  const pause = Math.min(SECOND_MS * 2 ** attempts, MAX_PAUSE_MS);
  // Not all devices at the same time, when the service is there again.
  return leastPause(error) + (pause / 2) * (1 + Math.random());
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 */
function wait(ms, signal) {
  if (signal.aborted) return Promise.resolve();
  /** @type {Promise<void>} */
  const end = new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  return end;
}
