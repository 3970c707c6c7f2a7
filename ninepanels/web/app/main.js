// @ts-check
// The start of the app.

import { App } from "./app.js";
import * as sync from "./state/sync.js";
import { html, render } from "./vendor/preact.js";

sync.start();
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
