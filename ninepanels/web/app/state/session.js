// @ts-check
// Who is logged in on this device.

import { computed, signal } from "../vendor/preact.js";

/** @typedef {import("../types.js").User} User */

/** The user whose data this device shows, or null. */
export const user = signal(/** @type {User | null} */ (null));

/** Whether the login has expired or was revoked. The data is still shown, and taps are kept, until the next login. */
export const needsLogin = signal(false);

/** Whether there is a user. It stays true while `needsLogin` is. */
export const isLoggedIn = computed(() => user.value !== null);

/** How many taps would be lost: `logOut` was called while there are taps that are not sent. Ask, then call
 * `logOut({ discard: true })` or `keepLogin()`. Otherwise null. */
export const unsentAtLogOut = signal(/** @type {number | null} */ (null));

/**
 * Creates an account and logs in.
 *
 * @param {{email: string, name: string, password: string, timezone?: string, day_starts_at?: number}} account
 */
export async function signUp(account) {
  void account;
}

/**
 * @param {string} email
 * @param {string} password
 */
export async function logIn(email, password) {
  void [email, password];
}

/**
 * Logs out and removes everything of the user from this device. Works without a connection.
 *
 * @param {{discard?: boolean}} [options] - Whether to log out although there are taps that are not sent.
 * @returns {Promise<boolean>} Whether the user is logged out. If not, `unsentAtLogOut` is set.
 */
export async function logOut({ discard = false } = {}) {
  return discard;
}

/**
 * As `logOut`, on every device. Needs a connection.
 *
 * @param {{discard?: boolean}} [options]
 * @returns {Promise<boolean>}
 */
export async function logOutEverywhere({ discard = false } = {}) {
  return discard;
}

/** Answers the question of `unsentAtLogOut`: stay logged in. */
export function keepLogin() {
  unsentAtLogOut.value = null;
}

/** @param {{name?: string, timezone?: string, day_starts_at?: number}} changes */
export async function updateUser(changes) {
  void changes;
}

/**
 * @param {string} email - The new one.
 * @param {string} currentPassword
 */
export async function changeEmail(email, currentPassword) {
  void [email, currentPassword];
}

/**
 * @param {string} currentPassword
 * @param {string} newPassword
 */
export async function changePassword(currentPassword, newPassword) {
  void [currentPassword, newPassword];
}

/**
 * Asks for a mail with a reset link. Succeeds whether or not there is such an account.
 *
 * @param {string} email
 */
export async function requestReset(email) {
  void email;
}

/**
 * Sets a new password with the token of a reset link, and logs in.
 *
 * @param {string} email
 * @param {string} token
 * @param {string} newPassword
 */
export async function resetPassword(email, token, newPassword) {
  void [email, token, newPassword];
}

/** Deletes the account with everything in it, there and on this device. */
export async function deleteAccount() {}
