// @ts-check
import { html } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { route } from "../router.js";
import { unsent } from "../state/panels.js";
import { connection } from "../state/sync.js";
import { isOutdated } from "../state/version.js";

/** What is not on the service yet, and why, or that there is a new version; null if everything is as it should be. */
export function statusText() {
  const count = unsent.value.size;
  if (connection.value === "login") {
    const { path } = route.value;
    const text = count ? t("status.loginWithTaps", { count }) : t("status.login");
    return html`${text} <a href=${path === "/" ? "#/login" : `#/login?next=${path}`}>${t("login.title")}</a>`;
  }
  if (connection.value === "offline") return count ? t("status.offlineWithTaps", { count }) : t("status.offline");
  if (!isOutdated.value) return null;
  return html`${t("status.newVersion")} <button type="button" class="link" onClick=${() => location.reload()}>${t("status.reload")}</button>`;
}

/** One quiet line, if there is something to say. */
export function Status() {
  const text = statusText();
  return text && html`<p class="status">${text}</p>`;
}
