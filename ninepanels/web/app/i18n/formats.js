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

/** Formatters take long to make, and are used often. @type {Map<string, any>} */
const formatters = new Map();

/**
 * @template T
 * @param {string} form
 * @param {() => T} make
 * @returns {T}
 */
function formatter(form, make) {
  const key = `${locale.value} ${form}`;
  if (!formatters.has(key)) formatters.set(key, make());
  return formatters.get(key);
}

/**
 * A day as people of the current language write it.
 * @param {string} day an ISO date
 * @param {keyof typeof FORMS} form
 */
export function formatDay(day, form) {
  const options = { ...FORMS[form], calendar: "gregory", timeZone: "UTC" };
  return formatter(form, () => new Intl.DateTimeFormat(locale.value, options)).format(new Date(`${day}T00:00:00Z`));
}

/** @param {number} share from 0 to 1 */
export function formatPercent(share) {
  return formatter("percent", () => new Intl.NumberFormat(locale.value, { style: "percent" })).format(share);
}

/** @param {number} value */
export function formatNumber(value) {
  return formatter("count", () => new Intl.NumberFormat(locale.value)).format(value);
}

/** @param {number} hour */
export function formatHour(hour) {
  const options = /** @type {const} */ ({ hour: "numeric", minute: "2-digit", timeZone: "UTC" });
  return formatter("hour", () => new Intl.DateTimeFormat(locale.value, options)).format(Date.UTC(2026, 0, 1, hour));
}

/** The first day of the week where the language is spoken: 0 is Monday, 6 is Sunday, as in `weekday` of days.js. */
export function firstWeekday() {
  const { firstDay = 1 } = formatter("week", () => {
    const region = /** @type {any} */ (new Intl.Locale(locale.value));
    return region.getWeekInfo?.() ?? region.weekInfo ?? {};
  });
  return firstDay - 1;
}
