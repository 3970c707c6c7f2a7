// @ts-check
// How regularly the panels are done, computed by the service.

import { signal } from "../vendor/preact.js";

/** @typedef {import("../types.js").PanelInsights} PanelInsights */

/** The last insights that were loaded, also without a connection; null before the first time. */
export const insights = signal(/** @type {{day: string, panels: PanelInsights[]} | null} */ (null));

/**
 * Loads the insights. Without a connection, the last ones stay.
 *
 * @throws {import("../api.js").ApiError | import("../api.js").Unreachable}
 */
export async function loadInsights() {}
