// @ts-check
// Reads what has changed at the service, on this device or another.

import { ApiError } from "../api.js";
import * as device from "./device.js";
import * as records from "./records.js";
import { call, idOfUser, refreshUser } from "./session.js";
import * as today from "./today.js";

/** @typedef {import("../types.js").Changes} Changes */

const GONE = 410;
const MAX_ATTEMPTS = 3;

/** Reads all changes since the last time, or everything if this device knows nothing, or if something was deleted. */
export async function readChanges() {
  const userId = idOfUser();
  let revision = device.known.value?.revision ?? -1;
  if (revision === -1) return readAll(userId);
  for (let more = true; more; ) {
    let page;
    try {
      page = await readPage(revision, userId);
    } catch (error) {
      if (isGone(error)) return readAll(userId);
      throw error;
    }
    await records.putChanges(userId, revision, page);
    ({ revision, more } = page);
  }
}

/**
 * Reads everything, and only then replaces what this device knows.
 *
 * @param {number} userId
 */
async function readAll(userId) {
  for (let attempt = 1; ; attempt++) {
    try {
      const pages = [await readPage(-1, userId)];
      for (let page = pages[0]; page?.more; page = pages.at(-1)) pages.push(await readPage(page.revision, userId));
      const panels = pages.flatMap((page) => page.panels);
      const entries = pages.flatMap((page) => page.entries);
      const revision = pages.at(-1)?.revision ?? 0;
      return await records.putChanges(userId, -1, { panels, entries, revision });
    } catch (error) {
      // Something was deleted in the meantime.
      if (!isGone(error) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/**
 * @param {number} since
 * @param {number} userId
 * @returns {Promise<Changes>}
 */
async function readPage(since, userId) {
  const page = await call("GET", since === -1 ? "changes" : `changes?since=${since}`, { userId });
  await checkDay(page.day);
  return page;
}

/**
 * Notes the current day that the service reports. If it is another one, the user may have another time zone now.
 *
 * @param {string} day
 */
export async function checkDay(day) {
  if (today.report(day)) return;
  await refreshUser();
  today.report(day);
}

/** @param {unknown} error */
function isGone(error) {
  return error instanceof ApiError && error.status === GONE;
}
