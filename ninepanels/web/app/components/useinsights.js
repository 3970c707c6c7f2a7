// @ts-check
import { html, useEffect } from "../vendor/preact.js";
import { ApiError, Unreachable } from "../api.js";
import { t } from "../i18n/index.js";
import { insights, loadInsights } from "../state/insights.js";
import { revision, today, unsent } from "../state/panels.js";
import { connection } from "../state/sync.js";

/** A tap makes several changes within a moment. */
const PAUSE_MS = 250;

async function load() {
  try {
    await loadInsights();
  } catch (error) {
    // The last insights stay. What is wrong with the connection or the login is said elsewhere.
    if (!(error instanceof ApiError || error instanceof Unreachable)) throw error;
  }
}

/** The insights: loaded when a screen opens, after the last tap was sent, after a change on another device, and on a new day. */
export function useInsights() {
  const areAllSent = unsent.value.size === 0;
  useEffect(() => {
    if (!areAllSent) return undefined;
    const timer = setTimeout(load, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [areAllSent, today.value, revision.value]);
  return insights.value;
}

/** Says that the insights are old, while they are. */
export function InsightsNote() {
  const isOld = unsent.value.size > 0 || connection.value !== "live";
  return isOld && html`<p class="muted small">${t("insights.old")}</p>`;
}
