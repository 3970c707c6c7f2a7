// @ts-check
// The shapes of data that the service sends and the app keeps. Days are ISO dates, instants ISO 8601 in UTC.

/**
 * @typedef {object} User
 * @property {number} id
 * @property {string} email
 * @property {string} name
 * @property {boolean} is_admin
 * @property {string} timezone - An IANA name.
 * @property {number} day_starts_at - The hour, 0 to 5, at which the day begins.
 * @property {string} created_at
 * @property {string | null} last_login
 * @property {string | null} last_activity
 * @property {boolean} [is_email_verified] - Unknown if an earlier version of the app has stored the user.
 * @property {string | null} [new_email] - Replaces `email` when the link in a mail to it is opened.
 */

/**
 * A login on a device.
 *
 * @typedef {object} Session
 * @property {string} id
 * @property {string} created_at
 * @property {string} last_used_at - To within an hour.
 * @property {string | null} user_agent - In English words, such as "Firefox on Android".
 * @property {boolean} is_current
 */

/**
 * @typedef {object} Panel
 * @property {number} id
 * @property {number} user_id
 * @property {string} title
 * @property {string | null} description
 * @property {number} position - From 0.
 * @property {string} created_at - When the panel was created or its history was last deleted.
 * @property {boolean} is_complete - Its state when the service sent it. `isDone` of state/panels.js is current.
 */

/**
 * @typedef {object} Entry
 * @property {number} id
 * @property {number} panel_id
 * @property {boolean} is_complete
 * @property {string} day
 * @property {string} timestamp - When the user last tapped.
 */

/**
 * @typedef {object} Tap
 * @property {number} panel_id
 * @property {string} day
 * @property {boolean} is_complete
 * @property {string} tapped_at - When the user tapped, by the clock of this device.
 */

/**
 * @typedef {{applied: boolean, entry: Entry} | {error: {detail: string, code: string}}} TapResult
 */

/**
 * A tap that was taken back, because the service did not accept it.
 *
 * @typedef {object} Refusal
 * @property {Tap} tap
 * @property {string} title - The title of the panel, or "" if it is not known.
 * @property {"superseded" | "deleted" | "future" | "invalid"} reason - A later tap on another device won; the panel was
 *   deleted; the day has not started; anything else.
 * @property {string} detail - What the service says, in English.
 */

/**
 * @typedef {object} Changes
 * @property {number} revision
 * @property {string} day
 * @property {Panel[]} panels
 * @property {Entry[]} entries
 * @property {boolean} more
 */

/**
 * Days without a break.
 *
 * @typedef {{length: number, first: string, last: string}} Run
 */

/**
 * How many days of a history are done: `share` is `done / days`.
 *
 * @typedef {{days: number, done: number, share: number | null}} Share
 */

/**
 * @typedef {object} PanelInsights
 * @property {number} panel_id
 * @property {number} position
 * @property {string} title
 * @property {string} first_day
 * @property {Run | null} current_run
 * @property {Run | null} longest_run
 * @property {(Share & {span: number | null})[]} consistency - Of the last days, and of the whole history.
 * @property {(Share & {weekday: number})[]} by_weekday - From 1 for Monday to 7 for Sunday.
 * @property {(Share & {month: string})[]} by_month - The oldest first.
 */

export {};
