// @ts-check
import { signal } from "./vendor/preact.js";

/** @typedef {{path: string, query: URLSearchParams}} Route */

function read() {
  const [path, query] = location.hash.slice(1).split("?");
  return { path: path || "/", query: new URLSearchParams(query) };
}

/** The current route: the fragment of the address. @type {import("./vendor/preact.js").Signal<Route>} */
export const route = signal(read());

addEventListener("hashchange", () => (route.value = read()));

/**
 * Go to another screen.
 * @param {string} path
 * @param {{isReplaced?: boolean}} [options] whether "back" skips the current screen
 */
export function go(path, { isReplaced = false } = {}) {
  if (isReplaced) history.replaceState(null, "", `#${path}`);
  else location.hash = path;
  route.value = read();
}

let lastPath = "";

/** Begin a new screen at its heading, at the field in which the user will type, or at the tile of the panel whose page was left. */
export function enterScreen() {
  scrollTo(0, 0);
  const [, panelId] = /^\/panels\/(\d+)/.exec(lastPath) ?? [];
  lastPath = route.value.path;
  const tile = /** @type {HTMLElement | null} */ (document.querySelector(`.tile[data-panel="${panelId}"]`));
  const field = /** @type {HTMLElement | null} */ (document.querySelector("[data-start]"));
  if (tile ?? field) (tile ?? field)?.focus();
  else document.querySelector("h1")?.focus({ preventScroll: true });
}

/** Name the document after the heading of the screen. */
export function nameScreen() {
  const heading = document.querySelector("h1")?.textContent;
  document.title = heading ? `${heading.trim()} · Nine Panels` : "Nine Panels";
}
