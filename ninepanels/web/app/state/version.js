// @ts-check
// The service worker, which keeps the files of the app, and whether it has another version of them than this page.

import { signal } from "../vendor/preact.js";

const HOUR_MS = 3_600_000;

/** Whether the next load shows a newer version of the app. */
export const isOutdated = signal(false);

/** Starts the service worker. Called once, by main.js. */
export async function start() {
  if (!("serviceWorker" in navigator)) return;
  // Not when the first service worker is installed: it does not control the page that has loaded it.
  navigator.serviceWorker.addEventListener("controllerchange", () => (isOutdated.value = true));
  // The policy of the page permits addresses of scripts only if they are made by this policy.
  const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("ninepanels", {
    createScriptURL: (/** @type {string} */ url) => url,
  });
  const registration = await navigator.serviceWorker.register(policy ? policy.createScriptURL("sw.js") : "sw.js");
  let checked = Date.now();
  // A page can be open for weeks.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || Date.now() - checked < HOUR_MS) return;
    checked = Date.now();
    registration.update().catch(() => {});
  });
}
