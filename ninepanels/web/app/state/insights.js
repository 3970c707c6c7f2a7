// @ts-check
// How regularly the panels are done, computed by the service.

import { computed } from "../vendor/preact.js";
import * as device from "./device.js";
import { call, idOfUser } from "./session.js";
import { today } from "./today.js";

/** @typedef {import("../types.js").PanelInsights} PanelInsights */

/** The last insights that were loaded, also without a connection, and the day of that; null before the first time. */
export const insights = computed(
  () => /** @type {{day: string, panels: PanelInsights[]} | null} */ (device.insights.value),
);

/**
 * Loads the insights. Without a connection, the last ones stay.
 *
 * @throws {import("../api.js").ApiError | import("../api.js").Unreachable}
 */
export async function loadInsights() {
  const userId = idOfUser();
  const panels = await call("GET", "insights", { userId });
  await device.setInsights(userId, { day: today.value, panels });
}
