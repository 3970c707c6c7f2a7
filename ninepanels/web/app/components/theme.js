// @ts-check
import { keepPreference, readPreference } from "../preferences.js";
import { signal } from "../vendor/preact.js";

const STORED = "theme";

/** @typedef {"auto" | "light" | "dark"} Theme */

/** The colours: those of the system, or one of the two. @type {import("../vendor/preact.js").Signal<Theme>} */
export const theme = signal("auto");

/** Apply the stored theme. */
export function loadTheme() {
  apply(/** @type {Theme} */ (readPreference(STORED) ?? "auto"));
}

/**
 * Change the theme and store it on this device.
 * @param {Theme} value
 */
export function setTheme(value) {
  keepPreference(STORED, value);
  apply(value);
}

/** @param {Theme} value */
function apply(value) {
  theme.value = value;
  if (value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}
