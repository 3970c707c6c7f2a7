// @ts-check
import { html } from "../vendor/preact.js";
import { directionOf } from "../i18n/index.js";
import { Icon } from "./icons.js";

/** Titles with more characters than this are set smaller. */
const LONG_TITLE = 24;

/** Where a line can end. */
const BREAK = /\s|(?<=-)/;

const FONT_SIZE = 100;

const ruler = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));

/** The width of the longest word in em. @param {string} title */
function widestWord(title) {
  ruler.font = `600 ${FONT_SIZE}px ${getComputedStyle(document.body).fontFamily}`;
  return Math.max(...title.split(BREAK).map((word) => ruler.measureText(word).width)) / FONT_SIZE;
}

/**
 * The title of a panel on its square, in a size in which its words fit.
 * @param {{title: string, isDrawn?: boolean}} props `isDrawn` titles are drawn by the style and not in the document
 */
export function Title({ title, isDrawn }) {
  return html`<span class=${title.length > LONG_TITLE ? "face-title face-title-long" : "face-title"} dir=${directionOf(title)}
    style=${{ "--word": widestWord(title) }} data-title=${isDrawn ? title : undefined}>${!isDrawn && title}</span>`;
}

/**
 * What a tile shows. The face of a done day lies above the other one; its title is drawn by the style, so that the title
 * is in the document once.
 * @param {{title: string, week: boolean[], isUnsent?: boolean, isDone: boolean}} props `week` has the last seven days
 */
export function Face({ title, week, isUnsent, isDone }) {
  return html`<span class=${isDone ? "face face-done" : "face"} aria-hidden=${isDone}>
    <span class="face-head">
      <span class="face-state">${isDone && html`<${Icon} name="check" />`}</span>
      ${isUnsent && html`<${Icon} name="unsent" />`}
    </span>
    <${Title} title=${title} isDrawn=${isDone} />
    <span class="face-week">${week.map((isMarked, index) => html`<i key=${index} class=${isMarked ? "marked" : ""}></i>`)}</span>
  </span>`;
}
