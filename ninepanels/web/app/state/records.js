// @ts-check
// Records taps and the data of the service on this device.

import * as device from "./device.js";
import { change, keyOf, unrecorded } from "./device.js";

/** @typedef {import("../types.js").Panel} Panel */
/** @typedef {import("../types.js").Entry} Entry */
/** @typedef {import("../types.js").Tap} Tap */
/** @typedef {import("./storage.js").Records} Records */

/**
 * What became of a tap that was sent: the entry that stands now, or nothing if the tap was refused.
 *
 * @typedef {{tap: Tap, entry?: Entry}} Outcome
 */

/**
 * Records a tap that is to be sent. The signals change at once.
 *
 * @param {number} userId
 * @param {Tap} tap
 */
export async function addTap(userId, tap) {
  unrecorded.set(keyOf(tap), tap);
  device.waiting.value = new Map([...device.waiting.value, [keyOf(tap), tap]]);
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
  for (const panelId of new Set(entries.map((entry) => entry.panel_id))) {
    const key = [userId, "done", panelId];
    const days = new Set((await records.get(key))?.days);
    for (const { panel_id, day, is_complete } of entries) {
      if (panel_id === panelId) is_complete ? days.add(day) : days.delete(day);
    }
    await records.put(key, { panelId, days: [...days] });
  }
  const state = await records.get([userId, "state"]);
  const latest = entries.reduce((last, entry) => Math.max(last, Date.parse(entry.timestamp)), state?.latest ?? 0);
  if (state && latest > state.latest) await records.put([userId, "state"], { ...state, latest });
}
