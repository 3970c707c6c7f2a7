// @ts-check
// The taps of a moment ago, when a page is closed: the browser ends its transactions and its requests. So those that are
// not recorded yet are left to the next page in localStorage, which is written at once, and all that wait are sent by a
// request that goes on. Both can be too many: `tapped_at` is the identity of a tap.

import * as device from "./device.js";
import { call } from "./session.js";

/** @typedef {{userId: number, tap: import("../types.js").Tap}} Left */

const NAME = "ninepanels.left";
/** So many fit into the 64 KiB of a request that goes on. */
const MAX_TAPS = 400;

/** Leaves taps behind and sends them, because the page is closed. */
export function leave() {
  const userId = device.login.value?.userId;
  if (userId === undefined) return;
  const left = [...device.unrecorded.values()].map((tap) => ({ userId, tap }));
  if (left.length > 0) write([...read(), ...left]);
  const taps = [...device.waiting.value.values()].slice(0, MAX_TAPS);
  if (taps.length > 0) call("POST", "taps", { body: taps, isKept: true }).catch(() => {});
}

/** Records the taps that another page has left. */
export async function take() {
  for (const { userId, tap } of read()) {
    await device.change(userId, async (records) => {
      const key = [userId, "tap", tap.panel_id, tap.day];
      const recorded = await records.get(key);
      if (!recorded || recorded.tapped_at < tap.tapped_at) await records.put(key, tap);
    });
  }
  write([]);
}

/** Calls a function when a tab has left taps that was closed while this one is open. @param {() => void} onLeft */
export function watch(onLeft) {
  addEventListener("storage", ({ key, newValue }) => {
    if (key === NAME && newValue !== null) onLeft();
  });
}

/** @returns {Left[]} */
function read() {
  try {
    return JSON.parse(localStorage.getItem(NAME) ?? "[]");
  } catch {
    // The browser blocks localStorage.
    return [];
  }
}

/** @param {Left[]} left */
function write(left) {
  try {
    if (left.length > 0) localStorage.setItem(NAME, JSON.stringify(left));
    else localStorage.removeItem(NAME);
  } catch {
    // As above.
  }
}
