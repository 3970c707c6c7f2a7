// @ts-check
// What the user has chosen for this device, in localStorage. If the browser blocks it, a choice lasts as long as the page.

const PREFIX = "ninepanels.";

/** @param {string} name @returns {string | null} */
export function readPreference(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function keepPreference(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // The choice has been applied to this page.
  }
}
