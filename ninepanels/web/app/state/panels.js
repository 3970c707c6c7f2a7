// @ts-check
// The panels and their days, as the user sees them: what the service sent, with the taps that are not sent yet on top.

import { computed, signal } from "../vendor/preact.js";

/** @typedef {import("../types.js").Panel} Panel */

/** Whether the panels of the user are known. Until then, `panels` is empty because they are loading. */
export const isLoaded = signal(false);

/** The panels by position. */
export const panels = computed(() => /** @type {Panel[]} */ ([]));

/** The user's current day. It changes while the page is open. */
export const today = signal("1970-01-01");

/** The days on which each panel is done, by the id of the panel. */
export const doneDays = computed(() => /** @type {ReadonlyMap<number, ReadonlySet<string>>} */ (new Map()));

/** The taps that are not sent yet, as "panelId/day". */
export const unsent = computed(() => /** @type {ReadonlySet<string>} */ (new Set()));

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
  return panel.created_at.slice(0, 10);
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
  void [panelId, day, isComplete];
}

// The functions below need a connection. They throw ApiError or Unreachable of api.js.

/**
 * @param {{title: string, description?: string | null}} panel
 * @returns {Promise<Panel>}
 */
export async function createPanel(panel) {
  throw new Error(`${panel}`);
}

/**
 * @param {number} panelId
 * @param {{title?: string, description?: string | null}} changes
 */
export async function updatePanel(panelId, changes) {
  void [panelId, changes];
}

/**
 * Moves a panel. The new order shows at once, and is taken back if the request fails.
 *
 * @param {number} panelId
 * @param {number} position
 */
export async function movePanel(panelId, position) {
  void [panelId, position];
}

/** @param {number} panelId */
export async function deletePanel(panelId) {
  void panelId;
}

/** @param {number} panelId */
export async function resetHistory(panelId) {
  void panelId;
}
