// @ts-check
// The start of the app.

import { App } from "./app.js";
import { loadTheme } from "./components/theme.js";
import { loadLanguage } from "./i18n/index.js";
import * as sync from "./state/sync.js";
import { html, render } from "./vendor/preact.js";

const HOUR_MS = 3_600_000;

loadTheme();
await Promise.all([loadLanguage(), sync.start()]);
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
if ("serviceWorker" in navigator) registerWorker().catch(() => {});

async function registerWorker() {
  // The policy of the page permits addresses of scripts only if they are made by this policy.
  const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("ninepanels", {
    createScriptURL: (/** @type {string} */ url) => url,
  });
  const registration = await navigator.serviceWorker.register(policy ? policy.createScriptURL("sw.js") : "sw.js");
  let checked = Date.now();
  // A page can be open for weeks. With this, the next load gets the new version.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || Date.now() - checked < HOUR_MS) return;
    checked = Date.now();
    registration.update().catch(() => {});
  });
}
