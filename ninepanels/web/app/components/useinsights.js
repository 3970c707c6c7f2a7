// @ts-check
import { useEffect } from "../vendor/preact.js";
import { ApiError, Unreachable } from "../api.js";
import { insights, loadInsights } from "../state/insights.js";
import { today, unsent } from "../state/panels.js";

async function load() {
  try {
    await loadInsights();
  } catch (error) {
    // The last insights stay. What is wrong with the connection or the login is said elsewhere.
    if (!(error instanceof ApiError || error instanceof Unreachable)) throw error;
  }
}

/** The insights: loaded when a screen opens, after the last tap was sent, and on a new day. */
export function useInsights() {
  const areAllSent = unsent.value.size === 0;
  useEffect(() => {
    if (areAllSent) void load();
  }, [areAllSent, today.value]);
  return insights.value;
}
