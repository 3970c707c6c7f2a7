// @ts-check
// Sends the taps that wait on this device. `tapped_at` is the identity of a tap: sending it twice changes nothing.

import { ApiError } from "../api.js";
import { startOf } from "../days.js";
import { signal } from "../vendor/preact.js";
import * as device from "./device.js";
import * as records from "./records.js";
import { call, idOfUser } from "./session.js";

/** @typedef {import("../types.js").Tap} Tap */
/** @typedef {import("../types.js").TapResult} TapResult */
/** @typedef {import("../types.js").Refusal} Refusal */

/** The limit of POST /taps. */
const MAX_TAPS = 1_000;
const INVALID = 422;
const SERVER_ERROR = 500;
/** By how much the clock of this device may be ahead when a day starts. */
const TOLERANCE_MS = 120_000;
/** After so many errors of the service, it is the service that has a problem, not the tap. */
const MAX_POSTPONED = 3;

/** The taps that were taken back, the latest last, until `dismissRefusals` is called. */
export const refusals = signal(/** @type {Refusal[]} */ ([]));

/** Forgets what was announced. */
export function dismissRefusals() {
  refusals.value = [];
}

/** Some taps cannot be sent now. */
export class Postponed extends Error {}

/**
 * Sends all taps. Those that the service refuses are taken back.
 *
 * @returns {Promise<boolean>} Whether something was refused, because this device does not know the latest state.
 * @throws {import("../api.js").ApiError | import("../api.js").Unreachable | Postponed} The other taps are kept.
 */
export async function sendTaps() {
  const userId = idOfUser();
  let isOutdated = false;
  /** @type {Set<string>} */
  const postponed = new Set();
  // Another tab may have sent some of them.
  await device.read();
  for (;;) {
    const waiting = device.login.value?.userId === userId ? [...device.waiting.value.values()] : [];
    const taps = waiting.filter((tap) => !postponed.has(identity(tap)));
    if (taps.length === 0) break;
    for (const { tap, result } of await deliver(taps.slice(0, MAX_TAPS))) {
      if (result === "later") postponed.add(identity(tap));
      else if ("error" in result) isOutdated = true;
    }
    if (postponed.size >= MAX_POSTPONED) break;
  }
  if (postponed.size > 0) throw new Postponed();
  return isOutdated;

  /**
   * @param {Tap[]} taps
   * @returns {Promise<{tap: Tap, result: TapResult | "later"}[]>} Of some of the taps, one at least.
   */
  async function deliver(taps) {
    const answers = await send(taps, userId);
    const settled = answers.flatMap(({ tap, result }) =>
      result === "later" ? [] : { tap, entry: "entry" in result ? result.entry : undefined },
    );
    announce(answers);
    if (settled.length > 0) await records.settle(userId, settled);
    return answers;
  }
}

/** @param {Tap} tap */
const identity = (tap) => `${device.keyOf(tap)}/${tap.tapped_at}`;

/**
 * @param {Tap[]} taps
 * @param {number} userId
 * @returns {Promise<{tap: Tap, result: TapResult | "later"}[]>}
 */
async function send(taps, userId) {
  const [first] = taps;
  if (!first) return [];
  try {
    if (taps.length === 1) return [{ tap: first, result: { applied: true, entry: await put(first, userId) } }];
    /** @type {TapResult[]} */
    const results = await call("POST", "taps", { body: taps, userId });
    return taps.flatMap((tap, index) => {
      const result = results[index];
      return result ? { tap, result: orLater(tap, result) } : [];
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 401) throw error;
    if (error.isTemporary && error.status !== SERVER_ERROR) throw error;
    const refused = { error: { code: error.code, detail: error.message } };
    if (taps.length === 1) {
      return [{ tap: first, result: error.status === SERVER_ERROR ? "later" : orLater(first, refused) }];
    }
    const invalid = error.status === INVALID ? taps.filter((_, index) => error.problems.some(isAbout(index))) : [];
    if (invalid.length > 0) return invalid.map((tap) => ({ tap, result: refused }));
    // Fewer taps, until the one is found that causes it.
    return send(taps.slice(0, Math.ceil(taps.length / 2)), userId);
  }
}

/**
 * @param {Tap} tap
 * @param {number} userId
 * @returns {Promise<import("../types.js").Entry>}
 */
function put({ panel_id, day, is_complete, tapped_at }, userId) {
  const body = { is_complete, tapped_at };
  // The request goes on if the user closes the page.
  return call("PUT", `panels/${panel_id}/entries/${day}`, { body, userId, isKept: true });
}

/** @param {number} index */
function isAbout(index) {
  return (/** @type {import("../api.js").Problem} */ problem) => problem.loc[1] === index;
}

/**
 * @param {Tap} tap
 * @param {TapResult} result
 * @returns {TapResult | "later"}
 */
function orLater(tap, result) {
  if (!("error" in result) || result.error.code !== "day_in_the_future" || !device.user.value) return result;
  const age = Date.now() - startOf(tap.day, device.user.value);
  return Math.abs(age) < TOLERANCE_MS ? "later" : result;
}

/** @param {{tap: Tap, result: TapResult | "later"}[]} answers */
function announce(answers) {
  const refused = answers.flatMap(({ tap, result }) => {
    if (result === "later") return [];
    if ("entry" in result && result.entry.is_complete === tap.is_complete) return [];
    const title = device.known.value?.panels.get(tap.panel_id)?.title ?? "";
    if ("entry" in result) return { tap, title, reason: /** @type {const} */ ("superseded"), detail: "" };
    return { tap, title, reason: reasonOf(result.error.code), detail: result.error.detail };
  });
  if (refused.length > 0) refusals.value = [...refusals.value, ...refused];
}

/**
 * @param {string} code
 * @returns {Refusal["reason"]}
 */
function reasonOf(code) {
  if (code === "not_found") return "deleted";
  return code === "day_in_the_future" ? "future" : "invalid";
}
