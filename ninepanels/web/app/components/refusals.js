// @ts-check
import { html, useEffect } from "../vendor/preact.js";
import { formatDay } from "../i18n/formats.js";
import { t } from "../i18n/index.js";
import { dismissRefusals, refusals } from "../state/sync.js";
import { say } from "./notice.js";

/** @param {import("../types.js").Refusal} refusal */
function textOf({ reason, title, tap }) {
  const params = { title, day: formatDay(tap.day, "dayAndMonth") };
  if (reason === "superseded") return t("refused.superseded", params);
  if (reason === "deleted") return t("refused.deleted", params);
  return reason === "future" ? t("refused.future", params) : t("refused.invalid", params);
}

/** The taps that were taken back, and why, until they are dismissed. */
export function Refusals() {
  const texts = refusals.value.map(textOf);
  useEffect(() => {
    if (texts.length) say(texts.join(" "));
  }, [texts.join()]);
  if (!texts.length) return null;
  return html`<div class="refusals">
    <ul>${texts.map((text, index) => html`<li key=${index}>${text}</li>`)}</ul>
    <button type="button" class="button" onClick=${dismissRefusals}>${t("dismiss")}</button>
  </div>`;
}
