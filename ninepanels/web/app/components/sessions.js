// @ts-check
import { html, useEffect, useState } from "../vendor/preact.js";
import { ApiError, Unreachable } from "../api.js";
import { dayOf } from "../days.js";
import { formatDay } from "../i18n/formats.js";
import { t } from "../i18n/index.js";
import { endSession, readSessions } from "../state/sessions.js";
import { describeError } from "./form.js";
import { show } from "./notice.js";

/** @typedef {import("../types.js").Session} Session */

/** The other devices on which the user is logged in; without a connection none. @param {{user: import("../types.js").User}} props */
export function OtherSessions({ user }) {
  const [sessions, setSessions] = useState(/** @type {Session[]} */ ([]));

  async function load() {
    try {
      setSessions((await readSessions()).filter((session) => !session.is_current));
    } catch (error) {
      // What is wrong with the connection or the login is said elsewhere.
      if (!(error instanceof ApiError || error instanceof Unreachable)) throw error;
    }
  }

  useEffect(() => void load(), []);

  async function end(/** @type {Session} */ session, /** @type {string} */ device) {
    try {
      await endSession(session.id);
      show(t("sessions.ended", { device }));
    } catch (error) {
      show(describeError(error));
    }
    await load();
  }

  return sessions.map((session) => {
    const device = session.user_agent ?? t("sessions.unknown");
    const used = t("sessions.used", { day: formatDay(dayOf(user, Date.parse(session.last_used_at)), "dayAndMonth") });
    return html`<div key=${session.id} class="row"><p><b>${device}</b> ${used}</p>
      <button type="button" class="button" aria-label=${t("sessions.end", { device })}
        onClick=${() => end(session, device)}>${t("settings.logOut")}</button></div>`;
  });
}
