// @ts-check
// Who is logged in on this device.

import { ApiError, Unreachable, request } from "../api.js";
import { computed, signal } from "../vendor/preact.js";
import * as device from "./device.js";

/** @typedef {import("../api.js").RequestOptions & {userId?: number}} CallOptions */

const LOGOUT_TIMEOUT_MS = 5_000;

/** The user whose data this device shows, or null. */
export const user = computed(() => device.user.value);

/** The e-mail that the user has to confirm by the link in a mail to it, or null. */
export const unverifiedEmail = computed(() => {
  const { email, new_email = null, is_email_verified = true } = user.value ?? {};
  return new_email ?? (is_email_verified ? null : (email ?? null));
});

/** Whether there is a user. It stays true while `needsLogin` is. */
export const isLoggedIn = computed(() => user.value !== null);

/** Whether the login has expired or was revoked. The data is still shown, and taps are kept, until the next login. */
export const needsLogin = computed(() => isLoggedIn.value && device.token.value === null);

/** How many taps would be lost: `logOut` was called while there are taps that are not sent. Ask, then call
 * `logOut({ discard: true })` or `keepLogin()`. Otherwise null. */
export const unsentAtLogOut = signal(/** @type {number | null} */ (null));

/**
 * Sends a request of the user and returns the `data` of the response.
 *
 * @param {string} method
 * @param {string} path
 * @param {CallOptions} [options] - With `userId`, the request is only sent if this user is still logged in.
 * @returns {Promise<any>}
 * @throws {ApiError | Unreachable}
 */
export const call = (method, path, { userId, ...options } = {}) =>
  withToken((token) => request(method, path, { ...options, token }), userId);

/**
 * Runs a request with the token of the user. If the service does not accept the token, the user needs to log in.
 *
 * @template T
 * @param {(token: string) => Promise<T>} send
 * @param {number} [userId]
 * @returns {Promise<T>}
 */
export async function withToken(send, userId = idOfUser()) {
  const login = device.login.value;
  if (!login?.token || login.userId !== userId) throw new ApiError(401, "not_authenticated", "Please log in.");
  try {
    return await send(login.token);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) await device.expire(login.userId, login.token);
    throw error;
  }
}

/** @typedef {{email: string, name: string, password: string, timezone?: string, day_starts_at?: number}} NewAccount */

/**
 * Creates an account and logs in. If an earlier attempt has created the account but could not log in, this one does.
 *
 * @param {NewAccount} account
 */
export async function signUp(account) {
  const taken = await createAccount(account).catch((error) => {
    if (error instanceof ApiError && error.code === "email_taken") return error;
    throw error;
  });
  try {
    await logIn(account.email, account.password);
  } catch (error) {
    if (!(error instanceof ApiError && (error.code === "wrong_login" || isCodeWanted(error)))) throw error;
    // A service that verifies e-mails does not say that one is taken. It tells its owner by mail.
    throw taken ?? new ApiError(409, "email_taken", error.message);
  }
}

/**
 * Creates an account: in UTC if the service does not know the time zone, which can be newer than the service.
 *
 * @param {NewAccount} account
 */
async function createAccount({ timezone, ...account }) {
  try {
    await request("POST", "users", { body: { ...account, timezone } });
  } catch (error) {
    if (!(error instanceof ApiError && "timezone" in error.fields)) throw error;
    await request("POST", "users", { body: account });
  }
}

/** Whether a login was refused because the account has a second factor. @param {unknown} error */
export const isCodeWanted = (error) => error instanceof ApiError && error.code === "second_factor_required";

/**
 * @param {string} email
 * @param {string} password
 * @param {string} [code] - Of the second factor.
 */
export async function logIn(email, password, code = "") {
  const body = new URLSearchParams({ username: email, password, ...(code && { totp_code: code }) });
  const { access_token } = await request("POST", "token", { body });
  await device.logIn(await request("GET", "users", { token: access_token }), access_token);
}

/**
 * Logs out and removes everything of the user from this device. Works without a connection.
 *
 * @param {{discard?: boolean}} [options] - Whether to log out although there are taps that are not sent.
 * @returns {Promise<boolean>} Whether the user is logged out. If not, `unsentAtLogOut` is set.
 */
export async function logOut({ discard = false } = {}) {
  if (isAsking(discard)) return false;
  try {
    await call("POST", "auth/logout", { signal: AbortSignal.timeout(LOGOUT_TIMEOUT_MS) });
  } catch (error) {
    // Without a connection, the token stays valid, but it is on this device only.
    if (!(error instanceof ApiError || error instanceof Unreachable)) throw error;
  }
  await forget();
  return true;
}

/**
 * As `logOut`, on every device. Needs a connection.
 *
 * @param {{discard?: boolean}} [options]
 * @returns {Promise<boolean>}
 */
export async function logOutEverywhere({ discard = false } = {}) {
  if (isAsking(discard)) return false;
  await call("POST", "auth/logout_everywhere");
  await forget();
  return true;
}

/** @param {boolean} discard */
function isAsking(discard) {
  const count = device.waiting.value.size;
  unsentAtLogOut.value = count > 0 && !discard ? count : null;
  return unsentAtLogOut.value !== null;
}

/** Answers the question of `unsentAtLogOut`: stay logged in. */
export function keepLogin() {
  unsentAtLogOut.value = null;
}

/** Reads the account again, which can be changed on another device. */
export async function refreshUser() {
  await device.setUser(await call("GET", "users"));
}

/** @param {{name?: string, timezone?: string, day_starts_at?: number}} changes */
export async function updateUser(changes) {
  await device.setUser(await call("PATCH", "users", { body: changes }));
}

/**
 * @param {string} email - The new one.
 * @param {string} currentPassword
 */
export async function changeEmail(email, currentPassword) {
  await device.setUser(await call("PATCH", "users", { body: { email, current_password: currentPassword } }));
}

/**
 * Changes the password, which logs out all other devices.
 *
 * @param {string} currentPassword
 * @param {string} newPassword
 */
export async function changePassword(currentPassword, newPassword) {
  const id = idOfUser();
  const body = { current_password: currentPassword, new_password: newPassword };
  const { access_token } = await call("POST", "auth/change_password", { body });
  await device.setToken(id, access_token);
}

/**
 * Asks for a mail with a reset link. Succeeds whether or not there is such an account.
 *
 * @param {string} email
 */
export async function requestReset(email) {
  await request("POST", "auth/request_password_reset", { body: { email } });
}

/**
 * Sets a new password with the token of a reset link, and logs in.
 *
 * @param {string} email
 * @param {string} token
 * @param {string} newPassword
 */
export async function resetPassword(email, token, newPassword) {
  const body = { email, password_reset_token: token, new_password: newPassword };
  await request("POST", "auth/password_reset", { body });
  await logIn(email, newPassword);
}

/**
 * Confirms an e-mail with the token of a link in a mail.
 *
 * @param {string} token
 */
export async function verifyEmail(token) {
  await request("POST", "auth/verify_email", { body: { verification_token: token } });
  if (isLoggedIn.value && !needsLogin.value) await refreshUser();
}

/**
 * Deletes the account with everything in it, there and on this device.
 *
 * @param {string} currentPassword
 */
export async function deleteAccount(currentPassword) {
  await call("DELETE", "users", { body: { current_password: currentPassword } });
  await forget();
}

async function forget() {
  if (device.login.value) await device.forget(device.login.value.userId);
}

/** The id of the user, who has to be logged in. */
export function idOfUser() {
  if (!device.login.value) throw new ApiError(401, "not_authenticated", "Please log in.");
  return device.login.value.userId;
}
