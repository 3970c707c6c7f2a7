// @ts-check
import { html, signal } from "../vendor/preact.js";

/** What the live region says. */
const spoken = signal("");

/** What is shown for a few seconds. */
const shown = signal("");

const SHOWN_MS = 6_000;
let timer = 0;

/**
 * Tell assistive technology what happened, where it can be seen anyway.
 * @param {string} text
 */
export function say(text) {
  // The same text again would not be read: the no-break space makes it another one.
  spoken.value = spoken.value === text ? `${text}\u00a0` : text;
}

/**
 * Show what happened, and tell assistive technology.
 * @param {string} text
 */
export function show(text) {
  say(text);
  shown.value = text;
  clearTimeout(timer);
  timer = window.setTimeout(() => (shown.value = ""), SHOWN_MS);
}

/** The live region and the notice on the screen: once in the page, and always there. */
export function Notices() {
  return html`<div class="hidden-visually" role="status">${spoken.value}</div>
    <div class="toasts" aria-hidden="true">${shown.value && html`<p class="toast">${shown.value}</p>`}</div>`;
}
