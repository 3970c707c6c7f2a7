// @ts-check
import { html, useMemo, useState } from "../vendor/preact.js";
import { AccountCard, DeletionCard, DevicesCard } from "../components/account.js";
import { Field, Segments, Select } from "../components/field.js";
import { Form } from "../components/form.js";
import { LanguageChoice } from "../components/language.js";
import { show } from "../components/notice.js";
import { Status } from "../components/status.js";
import { theme, setTheme } from "../components/theme.js";
import { zoneOptions } from "../components/zones.js";
import { formatHour } from "../i18n/formats.js";
import { t } from "../i18n/index.js";
import { updateUser, user } from "../state/session.js";

/** The hours at which a day can start. */
const HOURS = [0, 1, 2, 3, 4, 5];

/** @param {{user: import("../types.js").User}} props */
function Person({ user: current }) {
  // Only what was changed here is sent: the rest can have been changed on another device.
  const [changes, setChanges] = useState(/** @type {Parameters<typeof updateUser>[0]} */ ({}));
  const { name, timezone, day_starts_at: hour } = { ...current, ...changes };
  const zones = useMemo(() => zoneOptions(current.timezone), [current.timezone]);
  const change = (/** @type {typeof changes} */ more) => setChanges({ ...changes, ...more });

  async function action() {
    if (Object.keys(changes).length) await updateUser(changes);
    setChanges({});
    show(t("settings.saved"));
  }

  return html`<section class="card">
    <h2>${t("settings.you")}</h2>
    <${Form} action=${action} label=${t("save")}>
      <${Field} label=${t("field.name")} name="name" value=${name} onInput=${(/** @type {string} */ value) => change({ name: value })}
        autocomplete="name" maxLength=${65} dir="auto" />
      <${Select} label=${t("field.zone")} name="timezone" value=${timezone} options=${zones} hint=${t("settings.zoneHint")}
        onInput=${(/** @type {string} */ value) => change({ timezone: value })} />
      <${Select} label=${t("field.hour")} name="day_starts_at" value=${String(hour)} hint=${t("settings.hourHint")}
        onInput=${(/** @type {string} */ value) => change({ day_starts_at: Number(value) })}
        options=${HOURS.map((each) => ({ value: String(each), label: each ? formatHour(each) : t("settings.midnight") }))} />
    <//>
  </section>`;
}

function Appearance() {
  return html`<section class="card">
    <h2>${t("settings.look")}</h2>
    <div class="form">
      <${LanguageChoice} />
      <${Segments} label=${t("field.theme")} isLabelShown value=${theme.value} onChange=${setTheme} options=${[
              { value: "auto", label: t("theme.auto") },
              { value: "light", label: t("theme.light") },
              { value: "dark", label: t("theme.dark") },
            ]} />
      <p class="muted small">${t("settings.lookHint")}</p>
    </div>
  </section>`;
}

export function SettingsScreen() {
  if (!user.value) return null;
  return html`<div class="page">
    <header class="heading"><h1 tabindex="-1">${t("nav.settings")}</h1></header>
    <${Status} />
    <div class="page-columns">
      <div class="page-stack"><${Person} user=${user.value} /><${AccountCard} user=${user.value} /></div>
      <div class="page-stack"><${Appearance} /><${DevicesCard} user=${user.value} /><${DeletionCard} user=${user.value} /></div>
    </div>
  </div>`;
}
