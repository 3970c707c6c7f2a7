// @ts-check
import { html } from "../vendor/preact.js";

/** The outlines of the icons, on a grid of 24. */
const PATHS = {
  add: "M12 5v14M5 12h14",
  arrange: "M8 4v16M8 4 4.5 7.5M8 4l3.5 3.5M16 20V4M16 20l-3.5-3.5M16 20l3.5-3.5",
  back: "M15 5l-7 7 7 7",
  bars: "M6 19v-6M12 19V5M18 19v-9",
  check: "M5.5 12.5l4.2 4.2L18.5 7.8",
  close: "M6 6l12 12M18 6L6 18",
  details: "M6 12h.01M12 12h.01M18 12h.01",
  forward: "M9 5l7 7-7 7",
  grid: "M4.5 4.5h5.5v5.5h-5.5zM14 4.5h5.5v5.5h-5.5zM4.5 14h5.5v5.5h-5.5zM14 14h5.5v5.5h-5.5z",
  pencil: "M5 19h3.5L18.6 8.9a1.8 1.8 0 0 0 0-2.5l-1-1a1.8 1.8 0 0 0-2.5 0L5 15.5z",
  sliders:
    "M4 8h9M19 8h1M4 16h1M11 16h9M16 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8 13.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  unsent: "M12 19V8M7.5 12.5L12 8l4.5 4.5M6 4.5h12",
};

const DIRECTED = new Set(["back", "forward"]);

/**
 * An icon beside text or in a named control: hidden from assistive technology.
 * @param {{name: keyof typeof PATHS}} props
 */
export function Icon({ name }) {
  const direction = DIRECTED.has(name) ? " icon-directed" : "";
  return html`<svg class=${`icon icon-${name}${direction}`} viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

/** The mark of the app: nine squares in the nine hues. */
export function Mark() {
  const squares = Array.from(
    { length: 9 },
    (_, index) => html`<rect
        key=${index} class="mark-square" data-hue=${index} x=${(index % 3) * 8.5} y=${Math.floor(index / 3) * 8.5} width="7" height="7" rx="2" />`,
  );
  return html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true">${squares}</svg>`;
}
