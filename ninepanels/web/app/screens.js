// @ts-check
// The screens by the form of their path. The first load has only the login; the others are loaded when they are opened.
// By then, the service worker has them.

import { LogInScreen } from "./screens/login.js";
import { signal } from "./vendor/preact.js";

/** @typedef {import("./vendor/preact.js").ComponentType<any>} Screen */

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
  { form: /^\/$/, ...later(async () => (await import("./screens/panels.js")).PanelsScreen) },
  { form: /^\/login$/, isOpen: true, isEntrance: true, screen: signal(LogInScreen), load: async () => {} },
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
