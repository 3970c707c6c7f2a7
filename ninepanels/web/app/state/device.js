// @ts-check
// What this device knows: who is logged in, the panels and days that the service sent, and the taps that it did not
// get yet. All tabs share the records; each has them in signals, and reads them again when another tab changes them.

import { batch, computed, signal } from "../vendor/preact.js";
import { transaction } from "./storage.js";

/** @typedef {import("../types.js").User} User */
/** @typedef {import("../types.js").Panel} Panel */
/** @typedef {import("../types.js").Entry} Entry */
/** @typedef {import("../types.js").Tap} Tap */
/** @typedef {import("./storage.js").Records} Records */

/**
 * @typedef {object} Known - What the service sent.
 * @property {Map<number, Panel>} panels
 * @property {Map<number, Set<string>>} done - The done days of each panel.
 * @property {number} revision - The last one, or -1 if everything has to be loaded.
 * @property {number} latest - The latest instant of a tap, in ms.
 */

/**
 * What became of a tap that was sent: the entry that stands now, or nothing if the tap was refused.
 *
 * @typedef {{tap: Tap, entry?: Entry}} Outcome
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

/** Taps that are not recorded on this device yet. @type {Map<string, Tap>} */
const unrecorded = new Map();
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
const change = (userId, work) =>
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
      if (key[0] !== account.id && key[1] !== "tap") await records.remove(key);
    }
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

/**
 * Records a tap that is to be sent. The signals change at once.
 *
 * @param {number} userId
 * @param {Tap} tap
 */
export async function addTap(userId, tap) {
  unrecorded.set(keyOf(tap), tap);
  waiting.value = new Map([...waiting.value, [keyOf(tap), tap]]);
  await change(userId, (records) => records.put([userId, "tap", tap.panel_id, tap.day], tap));
  if (unrecorded.get(keyOf(tap)) === tap) unrecorded.delete(keyOf(tap));
}

/**
 * Removes taps that were sent, unless the user has tapped again, and records the entries that stand.
 *
 * @param {number} userId
 * @param {Outcome[]} outcomes
 */
export async function settle(userId, outcomes) {
  for (const { tap } of outcomes) {
    if (unrecorded.get(keyOf(tap))?.tapped_at === tap.tapped_at) unrecorded.delete(keyOf(tap));
  }
  await change(userId, async (records) => {
    for (const { tap } of outcomes) {
      const key = [userId, "tap", tap.panel_id, tap.day];
      if ((await records.get(key))?.tapped_at === tap.tapped_at) await records.remove(key);
    }
    await putEntries(records, userId, outcomes.flatMap(({ entry }) => entry ?? []));
  });
}

/**
 * Removes the taps of a panel that are not sent.
 *
 * @param {number} userId
 * @param {number} panelId
 */
export async function dropTaps(userId, panelId) {
  for (const [key, tap] of unrecorded) if (tap.panel_id === panelId) unrecorded.delete(key);
  await change(userId, (records) => records.remove([userId, "tap", panelId]));
}

/**
 * Records changes after the revision `since`; or everything, in place of what is known, if `since` is -1.
 *
 * @param {number} userId
 * @param {number} since
 * @param {{panels: Panel[], entries: Entry[], revision: number}} changes
 */
export const putChanges = (userId, since, changes) =>
  change(userId, async (records) => {
    const state = await records.get([userId, "state"]);
    if (since === -1) {
      await records.remove([userId, "panel"]);
      await records.remove([userId, "done"]);
    } else if (state?.revision !== since) {
      return; // Another tab was faster.
    }
    await records.put([userId, "state"], { latest: 0, ...state, revision: changes.revision });
    for (const panel of changes.panels) await records.put([userId, "panel", panel.id], panel);
    await putEntries(records, userId, changes.entries);
  });

/**
 * @param {Records} records
 * @param {number} userId
 * @param {Entry[]} entries
 */
async function putEntries(records, userId, entries) {
  for (const [panelId, ofPanel] of Map.groupBy(entries, (entry) => entry.panel_id)) {
    const key = [userId, "done", panelId];
    const days = new Set((await records.get(key))?.days);
    for (const { day, is_complete } of ofPanel) is_complete ? days.add(day) : days.delete(day);
    await records.put(key, { panelId, days: [...days] });
  }
  const state = await records.get([userId, "state"]);
  const latest = entries.reduce((last, entry) => Math.max(last, Date.parse(entry.timestamp)), state?.latest ?? 0);
  if (state && latest > state.latest) await records.put([userId, "state"], { ...state, latest });
}
