// @ts-check
import { html, useLayoutEffect, useRef } from "../vendor/preact.js";
import { plusDays, range, weekday } from "../days.js";
import { firstWeekday, formatDay } from "../i18n/formats.js";
import { t } from "../i18n/index.js";
import { weekdayForm } from "./figures.js";
import { Icon } from "./icons.js";

/** The earliest day that can be recorded. */
const EARLIEST = "1970-01-01";

/** @param {string} day */
const monthOf = (day) => `${day.slice(0, 7)}-01`;

/** @param {string} month @param {number} count */
function plusMonths(month, count) {
  const start = new Date(month);
  start.setUTCMonth(start.getUTCMonth() + count);
  return start.toISOString().slice(0, 10);
}

/**
 * A month of days. Each day is a button; arrow keys, Page Up and Page Down move the selected day.
 * @param {{
 *   today: string, selected: string, onSelect: (day: string, isFocused: boolean) => void, isFocused: boolean,
 *   firstDay: string, isDone: (day: string) => boolean, isUnsent: (day: string) => boolean, onTap: (day: string) => void,
 * }} props `firstDay` is the first one of the history
 */
export function Calendar({ today, selected, onSelect, isFocused, firstDay, isDone, isUnsent, onTap }) {
  const table = useRef(/** @type {HTMLElement | null} */ (null));
  // Before the next key is pressed, so that it goes to this day.
  useLayoutEffect(() => {
    if (isFocused) /** @type {HTMLElement | null} */ (table.current?.querySelector("[tabindex='0']"))?.focus();
  }, [selected, isFocused]);

  const month = monthOf(selected);
  const weekStart = firstWeekday();
  const first = plusDays(month, -((weekday(month) - weekStart + 7) % 7));
  const last = plusDays(plusMonths(month, 1), -1);
  const weeks = range(first, last)
    .filter((_, index) => index % 7 === 0)
    .map((start) => range(start, plusDays(start, 6)));

  function clamp(/** @type {string} */ day) {
    return day > today ? today : day < EARLIEST ? EARLIEST : day;
  }

  function turn(/** @type {number} */ months, isKey = false) {
    const target = plusMonths(month, months);
    const lastDay = plusDays(plusMonths(target, 1), -1);
    const sameDay = target.slice(0, 8) + selected.slice(8);
    onSelect(clamp(sameDay < lastDay ? sameDay : lastDay), isKey);
  }

  function onKeyDown(/** @type {KeyboardEvent} */ event) {
    const forward = document.documentElement.dir === "rtl" ? -1 : 1;
    const step = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: 7, ArrowUp: -7 }[event.key];
    if (step) onSelect(clamp(plusDays(selected, step)), true);
    else if (event.key === "PageUp" || event.key === "PageDown") turn(event.key === "PageUp" ? -1 : 1, true);
    else return;
    event.preventDefault();
  }

  function cell(/** @type {string} */ day) {
    if (monthOf(day) !== month) return html`<td key=${day}></td>`;
    const state = t(isDone(day) ? "day.done" : "day.notDone", { day: formatDay(day, "full") });
    const label = isUnsent(day) ? `${state}, ${t("tile.unsent")}` : state;
    return html`<td key=${day}><button type="button" class=${day < firstDay ? "day day-before" : "day"}
      aria-pressed=${isDone(day)} aria-label=${label} aria-current=${day === today ? "date" : undefined}
      disabled=${day > today} tabindex=${day === selected ? 0 : -1}
      onClick=${() => (onSelect(day, false), onTap(day))}>${formatDay(day, "number")}${isUnsent(day) && html`<${Icon} name="unsent" />`}</button></td>`;
  }

  return html`<div class="calendar">
    <div class="calendar-head">
      <button type="button" class="icon-button" aria-label=${t("calendar.previous")} onClick=${() => turn(-1)}
        disabled=${month <= EARLIEST}><${Icon} name="back" /></button>
      <h3 aria-live="polite">${formatDay(month, "month")}</h3>
      <button type="button" class="icon-button" aria-label=${t("calendar.next")} onClick=${() => turn(1)}
        disabled=${month === monthOf(today)}><${Icon} name="forward" /></button>
    </div>
    <table ref=${table} onKeyDown=${onKeyDown}>
      <thead><tr>${weeks[0]?.map((day) => html`<th key=${day} scope="col"><span aria-hidden="true">${formatDay(day, weekdayForm())}</span><span class="hidden-visually">${formatDay(day, "weekday")}</span></th>`)}</tr></thead>
      <tbody>${weeks.map((week) => html`<tr key=${week[0]}>${week.map(cell)}</tr>`)}</tbody>
    </table>
  </div>`;
}
