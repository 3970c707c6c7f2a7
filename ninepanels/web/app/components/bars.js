// @ts-check
import { html } from "../vendor/preact.js";
import { formatPercent } from "../i18n/formats.js";

/**
 * A row per item: its name, a bar, and the share in figures. Without a share, there is a dash.
 * @param {{items: {key: string | number, label: any, share: number | null, hue?: number, note?: string}[]}} props
 */
export function Bars({ items }) {
  return html`<ul class="bars">
    ${items.map(
          (item) => html`<li key=${item.key} class="bar-row" data-hue=${item.hue}>
      <span class="bar-label">${item.label}</span>
      <span class="bar-track" aria-hidden="true"><span class="bar" style=${{ inlineSize: `${(item.share ?? 0) * 100}%` }}></span></span>
      <span class="bar-value">${item.share === null ? "–" : formatPercent(item.share)}</span>
      ${item.note && html`<span class="bar-note">${item.note}</span>`}
    </li>`,
        )}
  </ul>`;
}

/**
 * A column per item, its value above it and its name below.
 * @param {{items: {key: string | number, label: string, longLabel: string, share: number, value: string}[]}} props `share` is the height, from 0 to 1
 */
export function Columns({ items }) {
  return html`<ul class="columns">
    ${items.map(
          (item) => html`<li key=${item.key} class="column">
      <span class="column-value">${item.value}</span>
      <span class="column-track" aria-hidden="true"><span class="bar" style=${{ blockSize: `${item.share * 100}%` }}></span></span>
      <span class="column-label"><span aria-hidden="true">${item.label}</span><span class="hidden-visually">${item.longLabel}</span></span>
    </li>`,
        )}
  </ul>`;
}
