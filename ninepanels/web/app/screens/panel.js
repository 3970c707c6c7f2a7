// @ts-check
import { html, useState } from "../vendor/preact.js";
import { Bars, Columns } from "../components/bars.js";
import { Calendar } from "../components/calendar.js";
import { monthItems, spanItems, unsentDaysOf, weekdayItems } from "../components/figures.js";
import { HeatMap } from "../components/heatmap.js";
import { hueOf } from "../components/hues.js";
import { Icon } from "../components/icons.js";
import { Heading } from "../components/navigation.js";
import { say } from "../components/notice.js";
import { InsightsNote, useInsights } from "../components/useinsights.js";
import { plusDays, runs } from "../days.js";
import { formatDay, formatNumber } from "../i18n/formats.js";
import { t } from "../i18n/index.js";
import { doneDays, firstDay, isDone, panels, tap, today } from "../state/panels.js";

const YEAR = 365;

/** The strongest colour of the heat map. */
const LEVEL = 4;

/** The run of days, the longest one, and all done days: with the taps of a moment ago. @param {{done: ReadonlySet<string>}} props */
function Figures({ done }) {
  const { current, longest } = runs(done, today.value);
  const items = [
    { label: t("panel.run"), value: current },
    { label: t("panel.longest"), value: longest },
    { label: t("panel.total"), value: done.size },
  ];
  return html`<dl class="figures">
    ${items.map(({ label, value }) => html`<div key=${label} class="figure">
      <dt>${label}</dt>
      <dd><b>${formatNumber(value)}</b> ${t("unit.days", { count: value })}</dd>
    </div>`)}
  </dl>`;
}

/** @param {{panel: import("../types.js").Panel}} props */
function PanelPage({ panel }) {
  const [selected, setSelected] = useState(today.value);
  const [isFocused, setFocused] = useState(false);
  const figures = useInsights()?.panels.find((each) => each.panel_id === panel.id);
  const done = doneDays.value.get(panel.id) ?? new Set();
  const firstOfYear = plusDays(today.value, 1 - YEAR);
  const inYear = [...done].filter((day) => day >= firstOfYear && day <= today.value).length;

  const first = firstDay(panel);
  const levelOf = (/** @type {string} */ day) => (done.has(day) ? LEVEL : day < first ? "before" : 0);
  const unsentDays = unsentDaysOf([panel]);

  function onTap(/** @type {string} */ day) {
    const isNowDone = !isDone(panel.id, day);
    tap(panel.id, day, isNowDone);
    say(t(isNowDone ? "day.done" : "day.notDone", { day: formatDay(day, "full") }));
  }

  function select(/** @type {string} */ day, isMovingFocus = true) {
    setSelected(day);
    setFocused(isMovingFocus);
  }

  return html`<div class="page page-panel" data-hue=${hueOf(panel.id)}>
    <${Heading} title=${panel.title} backPath="/" backLabel=${t("back.panels")}>
      <a class="icon-button" href=${`#/panels/${panel.id}/edit`} aria-label=${t("panel.edit", { title: panel.title })}><${Icon} name="pencil" /></a>
    <//>
    ${panel.description && html`<p class="description" dir="auto">${panel.description}</p>`}
    <${Figures} done=${done} />
    <section class="card">
      <h2>${t("panel.year")}</h2>
      <${HeatMap} today=${today.value} levelOf=${levelOf} unsentDays=${unsentDays} picked=${selected} onPick=${select}
        label=${t("panel.yearLabel", { count: inYear })} scrollLabel=${t("panel.year")} />
    </section>
    <div class="page-columns">
      <section class="card">
        <${Calendar} today=${today.value} selected=${selected} onSelect=${select} isFocused=${isFocused} firstDay=${first}
          isDone=${(/** @type {string} */ day) => done.has(day)} isUnsent=${(/** @type {string} */ day) => unsentDays.has(day)} onTap=${onTap} />
        <p class="muted small">${t("panel.editDays")}</p>
      </section>
      ${figures && html`<div class="page-stack"><${InsightsNote} />
          <section class="card"><h2>${t("insights.consistency")}</h2><${Bars} items=${spanItems(figures)} /></section>
          <section class="card"><h2>${t("insights.weekdays")}</h2><${Columns} items=${weekdayItems(figures)} /></section>
        </div>
        <section class="card page-wide"><h2>${t("insights.months")}</h2><${Columns} items=${monthItems(figures, today.value)} /></section>`}
    </div>
  </div>`;
}

/** @param {{id: number}} props */
export function PanelScreen({ id }) {
  const panel = panels.value.find((each) => each.id === id);
  if (panel) return html`<${PanelPage} key=${id} panel=${panel} />`;
  return html`<div class="page"><${Heading} title=${t("panel.missing")} backPath="/" backLabel=${t("back.panels")} /></div>`;
}
