// @ts-check
// The screens by the form of their path. The app begins with the login or the board, so they are loaded with it; the
// others are loaded when they are opened.

import { LogInScreen } from "./screens/login.js";
import { PanelsScreen } from "./screens/panels.js";
import { signal } from "./vendor/preact.js";

/** @typedef {import("./vendor/preact.js").ComponentType<any>} Screen */

/** @param {Screen} screen */
const loaded = (screen) => ({ screen: signal(screen), load: async () => {} });

/** @param {() => Promise<Screen>} read */
function later(read) {
  const screen = signal(/** @type {Screen | undefined} */ (undefined));
  return {
    screen,
    async load() {
      screen.value = await read();
    },
  };
}

const edit = later(async () => (await import("./screens/edit.js")).EditScreen);

/** The open ones need no login; the entrances are of no use after it. */
const SCREENS = [
  { form: /^\/$/, ...loaded(PanelsScreen) },
  { form: /^\/login$/, isOpen: true, isEntrance: true, ...loaded(LogInScreen) },
  {
    form: /^\/signup$/,
    isOpen: true,
    isEntrance: true,
    ...later(async () => (await import("./screens/signup.js")).SignUpScreen),
  },
  { form: /^\/forgotten$/, isOpen: true, ...later(async () => (await import("./screens/forgotten.js")).ForgottenScreen) },
  { form: /^\/reset$/, isOpen: true, ...later(async () => (await import("./screens/reset.js")).ResetScreen) },
  { form: /^\/insights$/, ...later(async () => (await import("./screens/insights.js")).InsightsScreen) },
  { form: /^\/settings$/, ...later(async () => (await import("./screens/settings.js")).SettingsScreen) },
  { form: /^\/panels\/(new)$/, ...edit },
  { form: /^\/panels\/(\d+)$/, ...later(async () => (await import("./screens/panel.js")).PanelScreen) },
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
