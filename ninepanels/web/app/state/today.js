// @ts-check
// The user's current day. It changes while the page is open.

import { dayOf, plusDays, startOf } from "../days.js";
import { effect, signal } from "../vendor/preact.js";
import { user } from "./device.js";

const MINUTE_MS = 60_000;

export const today = signal("1970-01-01");

/**
 * What the service says, if this device computes another day, because its clock is wrong or its rules of time zones are
 * old. It holds until this device, too, computes a new day.
 *
 * @type {{day: string, instead: string} | null}
 */
let correction = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Starts to follow the user and the clock. */
export function start() {
  effect(update);
  // Timers do not run while a device sleeps.
  for (const event of ["visibilitychange", "pageshow", "focus"]) addEventListener(event, update, true);
}

/**
 * Notes the current day that the service has reported.
 *
 * @param {string} day
 * @returns {boolean} Whether this is no surprise: this device computes the same, or has been corrected before.
 */
export function report(day) {
  const isExpected = today.value === day;
  const computed = user.value ? dayOf(user.value, Date.now()) : day;
  correction = computed === day ? null : { day, instead: computed };
  update();
  return isExpected || correction === null;
}

function update() {
  clearTimeout(timer);
  if (user.value === null) return;
  const now = Date.now();
  const computed = dayOf(user.value, now);
  if (correction?.instead !== computed) correction = null;
  today.value = correction?.day ?? computed;
  // Not the whole day at once, because the clock can be changed.
  timer = setTimeout(update, Math.min(startOf(plusDays(computed, 1), user.value) - now, MINUTE_MS));
}
