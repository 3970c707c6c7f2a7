// @ts-check
import { plusDays } from "../days.js";
import { firstWeekday, formatDay, formatNumber, formatPercent } from "../i18n/formats.js";
import { t } from "../i18n/index.js";
import { unsent } from "../state/panels.js";

/** @typedef {import("../types.js").PanelInsights} PanelInsights */

/** The spans of consistency, in days; null is the whole history. @type {readonly (number | null)[]} */
export const SPANS = [7, 30, 90, 365, null];

/** The months that are shown. */
const MONTHS = 12;

/** A Monday, for the names of the weekdays. */
const MONDAY = "2026-01-05";

/** ISO numbers of the weekdays, in the order of the language: 1 is Monday, 7 is Sunday. */
export function weekdays() {
  return Array.from({ length: 7 }, (_, index) => ((firstWeekday() + index) % 7) + 1);
}

/** @param {number} weekday 1 to 7 @param {"weekday" | "weekdayShort" | "weekdayNarrow"} form */
export const weekdayName = (weekday, form) => formatDay(plusDays(MONDAY, weekday - 1), form);

/** The form of the names in narrow columns: where short names are not short, their letters. */
export function weekdayForm() {
  return weekdays().some((day) => weekdayName(day, "weekdayShort").length > 4) ? "weekdayNarrow" : "weekdayShort";
}

/** @param {PanelInsights} figures @param {number | null} span */
export const shareOf = (figures, span) => figures.consistency.find((each) => each.span === span)?.share ?? null;

/** @param {PanelInsights} figures */
export function spanItems(figures) {
  return SPANS.map((span) => ({
    key: String(span),
    label: span === null ? t("span.all") : t("span.days", { count: span }),
    share: shareOf(figures, span),
  }));
}

/** @param {PanelInsights} figures */
export function weekdayItems(figures) {
  return weekdays().map((weekday) => {
    const share = figures.by_weekday[weekday - 1]?.share ?? null;
    return {
      key: weekday,
      label: weekdayName(weekday, weekdayForm()),
      longLabel: weekdayName(weekday, "weekday"),
      share: share ?? 0,
      value: share === null ? "–" : formatPercent(share),
    };
  });
}

/** The last twelve months: the done days, and their share of the month. @param {PanelInsights} figures @param {string} today */
export function monthItems(figures, today) {
  const [year = 0, month = 0] = today.split("-").map(Number);
  return Array.from({ length: MONTHS }, (_, index) => {
    const day = new Date(Date.UTC(year, month - MONTHS + index)).toISOString().slice(0, 10);
    const own = figures.by_month.find((each) => day.startsWith(each.month));
    return {
      key: day,
      label: formatDay(day, "monthNarrow"),
      longLabel: formatDay(day, "month"),
      share: own?.share ?? 0,
      value: own ? formatNumber(own.done) : "",
    };
  });
}

/** The days with taps that are not sent yet. @param {import("../types.js").Panel[]} panels */
export function unsentDaysOf(panels) {
  const ids = new Set(panels.map((panel) => String(panel.id)));
  const taps = [...unsent.value].map((tap) => tap.split("/"));
  return new Set(taps.flatMap(([id = "", day = ""]) => (ids.has(id) ? day : [])));
}
