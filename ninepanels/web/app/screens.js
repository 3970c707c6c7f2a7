// @ts-check
// The screens by the form of their path. The first load has only the login; the others are loaded when they are opened,
// each with its styles. By then, the service worker has them.

import { LogInScreen } from "./screens/login.js";
import { signal } from "./vendor/preact.js";

/** @typedef {import("./vendor/preact.js").ComponentType<any>} Screen */

/** @param {() => Promise<Screen>} read @param {string[]} styles */
function later(read, ...styles) {
  const screen = signal(/** @type {Screen | undefined} */ (undefined));
  return {
    screen,
    async load() {
      const [found] = await Promise.all([read(), ...styles.map(loadStyle)]);
      screen.value = found;
    },
  };
}

/** The styles that were asked for, by name. @type {Map<string, Promise<unknown>>} */
const styles = new Map();

/** @param {string} name */
function loadStyle(name) {
  const loading = styles.get(name) ?? addStyle(name);
  styles.set(name, loading);
  return loading;
}

/** @param {string} name */
function addStyle(name) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`styles/${name}.css`, import.meta.url).href;
  const loading = new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => {
      // The next attempt tries it again.
      styles.delete(name);
      link.remove();
      reject(new Error(`The style "${name}" was not loaded.`));
    };
  });
  document.head.append(link);
  return loading;
}

const edit = later(async () => (await import("./screens/edit.js")).EditScreen, "tile", "board", "pages");

/** The open ones need no login; the entrances are of no use after it. */
const SCREENS = [
  { form: /^\/$/, ...later(async () => (await import("./screens/panels.js")).PanelsScreen, "tile", "board") },
  { form: /^\/login$/, isOpen: true, isEntrance: true, screen: signal(LogInScreen), load: async () => {} },
  {
    form: /^\/signup$/,
    isOpen: true,
    isEntrance: true,
    ...later(async () => (await import("./screens/signup.js")).SignUpScreen),
  },
  { form: /^\/forgotten$/, isOpen: true, ...later(async () => (await import("./screens/forgotten.js")).ForgottenScreen) },
  { form: /^\/reset$/, isOpen: true, ...later(async () => (await import("./screens/reset.js")).ResetScreen) },
  { form: /^\/verify$/, isOpen: true, ...later(async () => (await import("./screens/verify.js")).VerifyScreen) },
  {
    form: /^\/insights$/,
    ...later(async () => (await import("./screens/insights.js")).InsightsScreen, "pages", "days", "charts"),
  },
  { form: /^\/settings$/, ...later(async () => (await import("./screens/settings.js")).SettingsScreen, "pages") },
  { form: /^\/panels\/(new)$/, ...edit },
  {
    form: /^\/panels\/(\d+)$/,
    ...later(async () => (await import("./screens/panel.js")).PanelScreen, "pages", "days", "charts"),
  },
  { form: /^\/panels\/(\d+)\/edit$/, ...edit },
];

/**
 * The screen of a path, and the id in it. Its component is undefined until `load` has loaded it.
 * @param {string} path
 */
export function findScreen(path) {
  for (const { form, ...screen } of SCREENS) {
    const match = form.exec(path);
    if (match) return { isOpen: false, isEntrance: false, ...screen, id: Number(match[1]) };
  }
  return undefined;
}
