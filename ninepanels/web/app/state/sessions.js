// @ts-check
// The logins of the user, on all devices. They need a connection: the functions throw ApiError or Unreachable of api.js.

import { call } from "./session.js";

/** @returns {Promise<import("../types.js").Session[]>} The current one first. */
export const readSessions = () => call("GET", "auth/sessions");

/** @param {string} id */
export const endSession = (id) => call("DELETE", `auth/sessions/${id}`);
