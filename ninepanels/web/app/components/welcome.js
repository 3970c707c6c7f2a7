// @ts-check
import { html } from "../vendor/preact.js";
import { Mark } from "./icons.js";
import { LanguageChoice } from "./language.js";

/**
 * The frame of the screens before the login, with the choice of a language.
 * @param {{title: string, lead?: string, children?: any}} props
 */
export function Welcome({ title, lead, children }) {
  return html`<div class="welcome">
    <div class="welcome-head">
      <p class="brand"><${Mark} /> Nine Panels</p>
      <div class="welcome-language"><${LanguageChoice} isLabelHidden /></div>
    </div>
    <h1 tabindex="-1">${title}</h1>
    ${lead && html`<p class="welcome-lead">${lead}</p>`}
    ${children}
  </div>`;
}
