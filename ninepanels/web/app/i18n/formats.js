// @ts-check
import { locale } from "./index.js";

/** The forms in which a day is written. @type {Record<string, Intl.DateTimeFormatOptions>} */
const FORMS = {
  full: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  dayAndMonth: { day: "numeric", month: "long" },
  weekday: { weekday: "long" },
  weekdayShort: { weekday: "short" },
  weekdayNarrow: { weekday: "narrow" },
  month: { month: "long", year: "numeric" },
  monthShort: { month: "short" },
  monthNarrow: { month: "narrow" },
  number: { day: "numeric" },
};

/** @type {Map<string, Intl.DateTimeFormat>} */
const formatters = new Map();

/**
 * A day as people of the current language write it.
 * @param {string} day an ISO date
 * @param {keyof typeof FORMS} form
 */
export function formatDay(day, form) {
  const key = `${locale.value} ${form}`;
  let formatter = formatters.get(key);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(locale.value, { ...FORMS[form], calendar: "gregory", timeZone: "UTC" });
    formatters.set(key, formatter);
  }
  return formatter.format(new Date(`${day}T00:00:00Z`));
}

/** @param {number} share from 0 to 1 */
export function formatPercent(share) {
  return new Intl.NumberFormat(locale.value, { style: "percent" }).format(share);
}

/** @param {number} value */
export function formatNumber(value) {
  return new Intl.NumberFormat(locale.value).format(value);
}

/** @param {number} hour */
export function formatHour(hour) {
  const formatter = new Intl.DateTimeFormat(locale.value, { hour: "numeric", minute: "2-digit", timeZone: "UTC" });
  return formatter.format(Date.UTC(2026, 0, 1, hour));
}

/** The first day of the week where the language is spoken: 0 is Monday, 6 is Sunday, as in `weekday` of days.js. */
export function firstWeekday() {
  const region = /** @type {any} */ (new Intl.Locale(locale.value));
  return ((region.getWeekInfo?.() ?? region.weekInfo)?.firstDay ?? 1) - 1;
}
