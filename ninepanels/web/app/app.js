// @ts-check
// The shell of the app.

import { html } from "./vendor/preact.js";

/** The whole page. */
export function App() {
  return html`<main><h1>Nine Panels</h1></main>`;
}
