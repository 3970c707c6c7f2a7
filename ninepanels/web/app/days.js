// @ts-check
// Days of a user, as ISO dates. The law is that of ninepanels/days.py.

/** @typedef {{timezone: string, day_starts_at: number}} DaySettings */

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/**
 * The user's day that contains an instant: the latest day that has started by then.
 *
 * @param {DaySettings} user
 * @param {number} instant - In ms since 1970.
 * @returns {string}
 */
export function dayOf(user, instant) {
  // When clocks go back across midnight, the next day has started while they show the previous one again.
  let day = plusDays(isoDate(wallTime(instant, user.timezone)), 1);
  while (startOf(day, user) > instant) day = plusDays(day, -1);
  return day;
}

/**
 * The instant at which a day starts: the first at which the clocks of the zone show the hour at which the user's days
 * start or, if a clock change skips that hour, the first one after it.
 *
 * @param {string} day
 * @param {DaySettings} user
 * @returns {number} In ms since 1970.
 */
export function startOf(day, user) {
  const wanted = Date.parse(day) + user.day_starts_at * HOUR;
  // Clocks differ from UTC by less than a day, so these are the offsets before and after.
  const [before, after] = [offset(wanted - DAY, user.timezone), offset(wanted + DAY, user.timezone)];
  const starts = [wanted - before, wanted - after].filter((start) => wallTime(start, user.timezone) === wanted);
  if (starts.length > 0) return Math.min(...starts);
  let [early, late] = [wanted - after, wanted - before];
  while (late - early > SECOND) {
    const middle = early + Math.floor((late - early) / 2 / SECOND) * SECOND;
    if (wallTime(middle, user.timezone) < wanted) early = middle;
    else late = middle;
  }
  return late;
}

/**
 * What the clocks of a zone show at an instant, as the instant at which those of UTC show it.
 *
 * @param {number} instant
 * @param {string} timezone
 */
function wallTime(instant, timezone) {
  /** @type {Record<string, number>} */
  const shown = {};
  for (const { type, value } of clockOf(timezone).formatToParts(instant)) shown[type] = Number(value);
  const { year = 0, month = 0, day, hour, minute, second } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (instant % SECOND);
}

/**
 * @param {number} instant
 * @param {string} timezone
 */
function offset(instant, timezone) {
  return wallTime(instant, timezone) - instant;
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const clocks = new Map();

/** @param {string} timezone */
function clockOf(timezone) {
  const clock = clocks.get(timezone) ?? makeClock(timezone);
  clocks.set(timezone, clock);
  return clock;
}

/** @param {string} timezone */
function makeClock(timezone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" };
  Object.assign(options, { second: "numeric", hourCycle: "h23" });
  try {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: timezone });
  } catch {
    // A zone that is newer than the browser. The browser's own is the best guess; the service decides.
    return new Intl.DateTimeFormat("en-US", options);
  }
}

/** @param {number} instant */
function isoDate(instant) {
  return new Date(instant).toISOString().slice(0, 10);
}

/**
 * The day some days later, or earlier if the count is negative.
 *
 * @param {string} day
 * @param {number} count
 * @returns {string}
 */
export function plusDays(day, count) {
  return isoDate(Date.parse(day) + count * DAY);
}

/**
 * The number of days from one day to another.
 *
 * @param {string} first
 * @param {string} last
 * @returns {number}
 */
export function daysBetween(first, last) {
  return (Date.parse(last) - Date.parse(first)) / DAY;
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

/**
 * How many done days in a row end today or yesterday, because today is not over, and the most ever. The law is that of
 * the runs in ninepanels/days.py.
 *
 * @param {Iterable<string>} done
 * @param {string} today
 * @returns {{current: number, longest: number}}
 */
export function runs(done, today) {
  let [length, longest, last] = [0, 0, ""];
  for (const day of [...done].sort()) {
    length = last && daysBetween(last, day) === 1 ? length + 1 : 1;
    longest = Math.max(longest, length);
    last = day;
  }
  return { current: last && daysBetween(last, today) <= 1 ? length : 0, longest };
}
