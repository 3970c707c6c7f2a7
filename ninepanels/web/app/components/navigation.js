// @ts-check
import { html } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { Icon, Mark } from "./icons.js";
import { Status } from "./status.js";

/** @type {{path: string, name: "grid" | "bars" | "sliders", label: import("../i18n/index.js").Key}[]} */
const PLACES = [
  { path: "/", name: "grid", label: "nav.panels" },
  { path: "/insights", name: "bars", label: "nav.insights" },
  { path: "/settings", name: "sliders", label: "nav.settings" },
];

/** @param {string} place @param {string} path */
function currentOf(place, path) {
  if (path === place) return "page";
  // A panel's page is below the panels.
  return place === "/" && path.startsWith("/panels") ? "true" : undefined;
}

/**
 * The three places: at the bottom of a phone, at the top of a desktop.
 * @param {{path: string}} props the current path
 */
export function Navigation({ path }) {
  return html`<nav class="navigation" aria-label=${t("nav.label")}>
    <span class="brand"><${Mark} /> Nine Panels</span>
    <ul class="navigation-places">
      ${PLACES.map(
              (place) => html`<li key=${place.path}>
        <a class="place" href=${`#${place.path}`} aria-current=${currentOf(place.path, path)}>
          <${Icon} name=${place.name} /><span>${t(place.label)}</span>
        </a>
      </li>`,
            )}
    </ul>
  </nav>`;
}

/**
 * The heading of a screen below another one, with the way back, and the status.
 * @param {{title: string, backPath: string, backLabel: string, children?: any}} props
 */
export function Heading({ title, backPath, backLabel, children }) {
  return html`<header class="heading">
    <a class="icon-button" href=${`#${backPath}`} aria-label=${backLabel}><${Icon} name="back" /></a>
    <h1 tabindex="-1" dir="auto">${title}</h1>
    ${children}
  </header>
  <${Status} />`;
}
