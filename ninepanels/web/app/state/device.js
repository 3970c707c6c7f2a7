// @ts-check
// What this device knows: who is logged in, the panels and days that the service sent, and the taps that it did not
// get yet. All tabs share the records; each has them in signals, and reads them again when another tab changes them.

import { batch, computed, signal } from "../vendor/preact.js";
import { transaction } from "./storage.js";

/** @typedef {import("../types.js").User} User */
/** @typedef {import("../types.js").Panel} Panel */
/** @typedef {import("../types.js").Tap} Tap */
/** @typedef {import("./storage.js").Records} Records */

/**
 * @typedef {object} Known - What the service sent.
 * @property {Map<number, Panel>} panels
 * @property {Map<number, Set<string>>} done - The done days of each panel.
 * @property {number} revision - The last one, or -1 if everything has to be loaded.
 * @property {number} latest - The latest instant of a tap, in ms.
 */

/** Records a login: without a token, it has expired. @typedef {{userId: number, token: string | null}} Login */

export const login = signal(/** @type {Login | null} */ (null));
export const user = signal(/** @type {User | null} */ (null));
/** Null until everything was loaded once. */
export const known = signal(/** @type {Known | null} */ (null));
/** The taps that are not sent, by `keyOf`. */
export const waiting = signal(/** @type {ReadonlyMap<string, Tap>} */ (new Map()));
/** What insights.js keeps. */
export const insights = signal(/** @type {any} */ (null));

/** The token, if the login is valid. */
export const token = computed(() => login.value?.token ?? null);

/** The taps that are not recorded on this device yet, by `keyOf`. @type {Map<string, Tap>} */
export const unrecorded = new Map();
const otherTabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("nine-panels") : null;
let reading = Promise.resolve();
/** @type {Promise<void> | null} */
let nextReading = null;

/** @param {{panel_id: number, day: string}} tap */
export const keyOf = ({ panel_id, day }) => `${panel_id}/${day}`;

/** Reads the records, now and whenever another tab changes them. */
export function start() {
  otherTabs?.addEventListener("message", () => read());
  return read();
}

/** Reads the records. @returns {Promise<void>} */
export function read() {
  nextReading ??= reading.then(() => {
    nextReading = null;
    reading = transaction("readonly", readAll).catch(console.error);
    return reading;
  });
  return nextReading;
}

/** @param {Records} records */
async function readAll(records) {
  const stored = (await records.get(["login"])) ?? null;
  const id = stored?.userId ?? -1;
  const [account, state, panels, done, taps, last] = await Promise.all([
    records.get([id, "user"]),
    records.get([id, "state"]),
    records.list([id, "panel"]),
    records.list([id, "done"]),
    records.list([id, "tap"]),
    records.get([id, "insights"]),
  ]);
  batch(() => {
    if (login.value?.userId !== stored?.userId) unrecorded.clear();
    if (login.value?.token !== stored?.token || login.value?.userId !== stored?.userId) login.value = stored;
    user.value = account ?? null;
    insights.value = last ?? null;
    known.value = state
      ? {
          ...state,
          panels: new Map(panels.map((panel) => [panel.id, panel])),
          done: new Map(done.map(({ panelId, days }) => [panelId, new Set(days)])),
        }
      : null;
    waiting.value = new Map([...taps.map((tap) => /** @type {const} */ ([keyOf(tap), tap])), ...unrecorded]);
  });
}

/**
 * Changes the records of the user who is logged in, in all tabs. If another user is, or none, it changes nothing: a
 * response that comes late must not bring back what was removed.
 *
 * @param {number} userId
 * @param {(records: Records) => Promise<unknown>} work
 */
export const change = (userId, work) =>
  write(async (records) => {
    if ((await records.get(["login"]))?.userId === userId) await work(records);
  });

/** @param {(records: Records) => Promise<unknown>} work */
async function write(work) {
  await transaction("readwrite", work);
  otherTabs?.postMessage("changed");
  await read();
}

/**
 * Records a login. Of other users, only the taps that are not sent stay on this device. Everything is loaded again.
 *
 * @param {User} account
 * @param {string} newToken
 */
export const logIn = (account, newToken) =>
  write(async (records) => {
    for (const key of await records.keys([])) {
      if (key[0] !== account.id && key[1] !== "tap" && key[1] !== "since") await records.remove(key);
    }
    // After the database of the service was created anew, the id can be that of another account.
    const since = (await records.get([account.id, "since"])) ?? account.created_at;
    if (since !== account.created_at) await records.remove([account.id]);
    await records.put([account.id, "since"], account.created_at);
    await records.put(["login"], { userId: account.id, token: newToken });
    await records.put([account.id, "user"], account);
    const state = await records.get([account.id, "state"]);
    if (state) await records.put([account.id, "state"], { ...state, revision: -1 });
  });

/**
 * @param {number} userId
 * @param {string} newToken
 */
export const setToken = (userId, newToken) =>
  change(userId, (records) => records.put(["login"], { userId, token: newToken }));

/**
 * Notes that a token is not valid any more, unless another one has replaced it.
 *
 * @param {number} userId
 * @param {string} oldToken
 */
export const expire = (userId, oldToken) =>
  change(userId, async (records) => {
    if ((await records.get(["login"])).token === oldToken) await records.put(["login"], { userId, token: null });
  });

/** @param {User} account */
export const setUser = (account) => change(account.id, (records) => records.put([account.id, "user"], account));

/**
 * @param {number} userId
 * @param {unknown} value
 */
export const setInsights = (userId, value) =>
  change(userId, (records) => records.put([userId, "insights"], value));

/**
 * Logs a user out and removes everything of them.
 *
 * @param {number} userId
 */
export const forget = (userId) =>
  change(userId, async (records) => {
    await records.remove([userId]);
    await records.remove(["login"]);
  });
