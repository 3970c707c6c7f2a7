// @ts-check
// The start of the app.

import { App } from "./app.js";
import { loadTheme } from "./components/theme.js";
import { loadLanguage } from "./i18n/index.js";
import * as sync from "./state/sync.js";
import * as version from "./state/version.js";
import { html, render } from "./vendor/preact.js";

loadTheme();
await Promise.all([loadLanguage(), sync.start()]);
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
version.start().catch(() => {});
