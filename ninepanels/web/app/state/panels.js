// @ts-check
// The panels and their days, as the user sees them: what the service sent, with the taps that are not sent yet on top.

import { dayOf } from "../days.js";
import { computed, signal } from "../vendor/preact.js";
import * as device from "./device.js";
import * as records from "./records.js";
import { call, idOfUser } from "./session.js";
import { exchange } from "./sync.js";
import { today } from "./today.js";

export { today };

/** @typedef {import("../types.js").Panel} Panel */

/** A move that the service does not know yet. */
const moving = signal(/** @type {{panelId: number, position: number} | null} */ (null));

/** Whether the panels of the user are known. Until then, `panels` is empty because they are loading. */
export const isLoaded = computed(() => device.known.value !== null);

/** The revision of what the service has sent: it changes with each change on any device. */
export const revision = computed(() => device.known.value?.revision);

/** The panels by position. */
export const panels = computed(() => {
  const sorted = [...(device.known.value?.panels.values() ?? [])].sort((one, other) => one.position - other.position);
  const from = sorted.findIndex((panel) => panel.id === moving.value?.panelId);
  if (moving.value && from !== -1) sorted.splice(moving.value.position, 0, ...sorted.splice(from, 1));
  return sorted;
});

/** The days on which each panel is done, by the id of the panel. */
export const doneDays = computed(() => {
  /** @type {Map<number, ReadonlySet<string>>} */
  const all = new Map(device.known.value?.done);
  for (const { panel_id, day, is_complete } of device.waiting.value.values()) {
    const days = new Set(all.get(panel_id));
    is_complete ? days.add(day) : days.delete(day);
    all.set(panel_id, days);
  }
  return /** @type {ReadonlyMap<number, ReadonlySet<string>>} */ (all);
});

/** The taps that are not sent yet, as "panelId/day". */
export const unsent = computed(() => /** @type {ReadonlySet<string>} */ (new Set(device.waiting.value.keys())));

/**
 * @param {number} panelId
 * @param {string} [day] - By default today.
 * @returns {boolean}
 */
export function isDone(panelId, day = today.value) {
  return doneDays.value.get(panelId)?.has(day) ?? false;
}

/**
 * The first day of a panel's history: when it was created, or its first done day if that is earlier.
 *
 * @param {Panel} panel
 * @returns {string}
 */
export function firstDay(panel) {
  const user = device.user.value;
  const created = user ? dayOf(user, Date.parse(panel.created_at)) : today.value;
  return [...(doneDays.value.get(panel.id) ?? []), today.value].reduce((first, day) => (day < first ? day : first), created);
}

/**
 * Records a tap. It shows at once, is kept on this device, and is sent as soon as possible. If the service refuses it, it
 * is taken back and `refusals` of state/sync.js says so.
 *
 * @param {number} panelId
 * @param {string} day
 * @param {boolean} isComplete
 */
export function tap(panelId, day, isComplete) {
  const tapped_at = new Date(nextInstant()).toISOString();
  records
    .addTap(idOfUser(), { panel_id: panelId, day, is_complete: isComplete, tapped_at })
    // If it cannot be kept, it can still be sent.
    .catch(console.error)
    .then(() => exchange({ reads: false }));
}

/** Now; but later than all taps that the user can have seen, also if the clock of this device is slow. */
function nextInstant() {
  const waiting = [...device.waiting.value.values()].map((tap) => Date.parse(tap.tapped_at));
  return Math.max(Date.now(), 1 + (device.known.value?.latest ?? 0), ...waiting.map((instant) => instant + 1));
}

// The functions below need a connection. They throw ApiError or Unreachable of api.js.

/** The last panel that may or may not have been created. */
let uncertain = { panel: "", key: "" };

/**
 * Creates a panel. After a failure, another call with the same panel does not create a second one.
 *
 * @param {{title: string, description?: string | null}} panel
 * @returns {Promise<Panel>}
 */
export async function createPanel(panel) {
  const body = JSON.stringify(panel);
  if (uncertain.panel !== body) uncertain = { panel: body, key: `${Date.now()}-${Math.random()}` };
  const created = await call("POST", "panels", { body: panel, headers: { "Idempotency-Key": uncertain.key } });
  uncertain = { panel: "", key: "" };
  await exchange();
  return created;
}

/**
 * @param {number} panelId
 * @param {{title?: string, description?: string | null}} changes
 */
export async function updatePanel(panelId, changes) {
  await call("PATCH", `panels/${panelId}`, { body: changes });
  await exchange();
}

/**
 * Moves a panel. The new order shows at once, and is taken back if the request fails.
 *
 * @param {number} panelId
 * @param {number} position
 */
export async function movePanel(panelId, position) {
  const move = { panelId, position };
  moving.value = move;
  try {
    await call("PATCH", `panels/${panelId}`, { body: { position } });
    await exchange();
  } finally {
    if (moving.value === move) moving.value = null;
  }
}

/** @param {number} panelId */
export const deletePanel = (panelId) => remove(panelId, `panels/${panelId}`);

/** @param {number} panelId */
export const resetHistory = (panelId) => remove(panelId, `panels/${panelId}/entries`);

/**
 * @param {number} panelId
 * @param {string} path
 */
async function remove(panelId, path) {
  const userId = idOfUser();
  await call("DELETE", path);
  await records.dropTaps(userId, panelId);
  await exchange();
}
