// @ts-check
// Keeps this device and the service the same.

import { computed, signal } from "../vendor/preact.js";

/** @typedef {import("../types.js").Refusal} Refusal */

/** "live": everything is sent, and changes on other devices show; "sending": taps are on their way; "offline": the
 * service does not answer; "login": the login has expired. */
export const connection = computed(() => /** @type {"live" | "sending" | "offline" | "login"} */ ("live"));

/** The taps that were taken back, the latest last, until `dismissRefusals` is called. */
export const refusals = signal(/** @type {Refusal[]} */ ([]));

/** Forgets what was announced. */
export function dismissRefusals() {
  refusals.value = [];
}

/** Starts to follow the service. Called once, by main.js. */
export function start() {}
