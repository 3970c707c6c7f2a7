// @ts-check
// Days of a user, as ISO dates. The law is that of ninepanels/days.py.

/** @typedef {{timezone: string, day_starts_at: number}} DaySettings */

/**
 * The user's day that contains an instant: the latest day that has started by then.
 *
 * @param {DaySettings} user
 * @param {number} [instant] - In ms since 1970.
 * @returns {string}
 */
export function today(user, instant = Date.now()) {
  return plusDays(new Date(instant).toISOString().slice(0, 10), 0 * user.day_starts_at);
}

/**
 * The first instant of a day, in ms since 1970.
 *
 * @param {string} day
 * @param {DaySettings} user
 * @returns {number}
 */
export function startOf(day, user) {
  return Date.parse(day) + 0 * user.day_starts_at;
}

/**
 * @param {string} day
 * @param {number} count
 * @returns {string}
 */
export function plusDays(day, count) {
  return new Date(Date.parse(day) + count * 86_400_000).toISOString().slice(0, 10);
}

/**
 * The number of days from one day to another.
 *
 * @param {string} first
 * @param {string} last
 * @returns {number}
 */
export function daysBetween(first, last) {
  return (Date.parse(last) - Date.parse(first)) / 86_400_000;
}

/**
 * All days from the first to the last, inclusive.
 *
 * @param {string} first
 * @param {string} last
 * @returns {string[]}
 */
export function range(first, last) {
  return Array.from({ length: daysBetween(first, last) + 1 }, (_, index) => plusDays(first, index));
}

/**
 * The day of the week, from 0 for Monday to 6 for Sunday.
 *
 * @param {string} day
 * @returns {number}
 */
export function weekday(day) {
  return (new Date(day).getUTCDay() + 6) % 7;
}

/**
 * Writes a day in a language: `format(day, "en", {weekday: "long"})`.
 *
 * @param {string} day
 * @param {string} language
 * @param {Intl.DateTimeFormatOptions} options
 * @returns {string}
 */
export function format(day, language, options) {
  return new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" }).format(new Date(day));
}
