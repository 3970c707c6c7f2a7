// @ts-check
import { html, useEffect, useRef } from "../vendor/preact.js";
import { plusDays, range, weekday } from "../days.js";
import { firstWeekday, formatDay } from "../i18n/formats.js";
import { t } from "../i18n/index.js";

/** The number of weeks in a year's picture. */
const WEEKS = 53;

/**
 * The days of a year as small squares, a column per week. It scrolls to today where it is wider than the screen.
 * The squares are a picture with one description: single days are read and changed in the calendar.
 * @param {{
 *   today: string, levelOf: (day: string) => number | "before", unsentDays: ReadonlySet<string>, label: string, scrollLabel: string,
 *   onPick?: (day: string) => void, picked?: string,
 * }} props `levelOf` returns 0 for none to 4 for all, or "before" for days before the history
 */
export function HeatMap({ today, levelOf, unsentDays, label, scrollLabel, onPick, picked }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const direction = document.documentElement.dir === "rtl" ? -1 : 1;
    box.current?.scrollTo({ left: direction * box.current.scrollWidth });
  }, [today]);

  const weekStart = firstWeekday();
  const first = plusDays(today, -((weekday(today) - weekStart + 7) % 7) - 7 * (WEEKS - 1));
  const days = range(first, today);
  const months = days.filter((day, index) => day.endsWith("-01") && index < days.length - 14);
  const columnOf = (/** @type {string} */ day) => Math.floor(days.indexOf(day) / 7) + 1;

  const unsent = days.filter((day) => unsentDays.has(day)).map((day) => formatDay(day, "dayAndMonth"));
  const description = unsent.length ? `${label} ${unsent.join(", ")}, ${t("tile.unsent")}` : label;

  function classOf(/** @type {string} */ day) {
    return `heat-${levelOf(day)}${unsentDays.has(day) ? " heat-unsent" : ""}${day === picked ? " heat-picked" : ""}`;
  }

  function onClick(/** @type {any} */ event) {
    const day = event.target.dataset.day;
    if (day) onPick?.(day);
  }

  return html`<div class="heat" ref=${box} tabindex="0" role="group" aria-label=${scrollLabel}>
    <div class="heat-months" aria-hidden="true">
      ${months.map((day) => html`<span key=${day} style=${{ gridColumnStart: columnOf(day) }}>${formatDay(day, "monthShort")}</span>`)}
    </div>
    <div class=${onPick ? "heat-days heat-pickable" : "heat-days"} role="img" aria-label=${description} onClick=${onClick}>
      ${days.map((day) => html`<i key=${day} data-day=${day} class=${classOf(day)}></i>`)}
    </div>
  </div>`;
}
