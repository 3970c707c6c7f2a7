// @ts-check
import { html, useState } from "../vendor/preact.js";
import { Bars } from "../components/bars.js";
import { Segments } from "../components/field.js";
import { SPANS, shareOf, unsentDaysOf, weekdayName, weekdays } from "../components/figures.js";
import { HeatMap } from "../components/heatmap.js";
import { hueOf } from "../components/hues.js";
import { Status } from "../components/status.js";
import { InsightsNote, useInsights } from "../components/useinsights.js";
import { runs } from "../days.js";
import { formatNumber, formatPercent } from "../i18n/formats.js";
import { t } from "../i18n/index.js";
import { doneDays, firstDay, isDone, panels, today } from "../state/panels.js";

/** @typedef {import("../types.js").PanelInsights} PanelInsights */
/** @typedef {{panel: import("../types.js").Panel, figures: PanelInsights}} Row */

const LEVELS = 4;

/** All panels in one picture: the more panels are done on a day, the stronger its square. */
function Year() {
  const all = panels.value;
  const first = all.map(firstDay).sort()[0] ?? "";
  function levelOf(/** @type {string} */ day) {
    return day < first ? "before" : Math.ceil((all.filter((panel) => isDone(panel.id, day)).length / all.length) * LEVELS);
  }
  return html`<section class="card">
    <h2>${t("insights.year")}</h2>
    <${HeatMap} today=${today.value} levelOf=${levelOf} unsentDays=${unsentDaysOf(all)} label=${t("insights.yearLabel")} scrollLabel=${t("insights.year")} />
    <p class="heat-key small muted" aria-hidden="true">
      ${t("insights.none")} ${[0, 1, 2, 3, 4].map((level) => html`<i key=${level} class=${`heat-${level}`}></i>`)} ${t("insights.allDone")}
    </p>
  </section>`;
}

/** The runs in words. @param {number} panelId */
function noteOf(panelId) {
  const { current, longest } = runs(doneDays.value.get(panelId) ?? [], today.value);
  if (!longest) return undefined;
  const most = t("unit.run", { count: longest });
  if (!current) return t("insights.longest", { longest: most });
  return t("insights.runs", { run: t("unit.run", { count: current }), longest: most });
}

/** @param {{rows: Row[]}} props */
function Consistency({ rows }) {
  const [span, setSpan] = useState("30");
  const spans = SPANS.map((each) => ({ value: String(each), label: each === null ? t("insights.all") : formatNumber(each) }));
  const items = rows.map(({ panel, figures }) => ({
    key: panel.id,
    hue: hueOf(panel.id),
    share: shareOf(figures, SPANS.find((each) => String(each) === span) ?? null),
    label: html`<a href=${`#/panels/${panel.id}`} dir="auto">${panel.title}</a>`,
    note: noteOf(panel.id),
  }));
  return html`<section class="card">
    <h2>${t("insights.consistency")}</h2>
    <${Segments} label=${t("insights.span")} isLabelShown value=${span} onChange=${setSpan} options=${spans} />
    <${Bars} items=${items} />
  </section>`;
}

/** A letter for the eyes, and the name for screen readers. @param {{day: number}} props */
function Weekday({ day }) {
  return html`<span aria-hidden="true">${weekdayName(day, "weekdayNarrow")}</span><span class="hidden-visually">${weekdayName(day, "weekday")}</span>`;
}

/** @param {{rows: Row[]}} props */
function Weekdays({ rows }) {
  return html`<section class="card">
    <h2>${t("insights.weekdays")}</h2>
    <table class="weekdays">
      <thead><tr>
        <td></td>
        ${weekdays().map((day) => html`<th key=${day} scope="col"><${Weekday} day=${day} /></th>`)}
      </tr></thead>
      <tbody>${rows.map(({ panel, figures }) => html`<tr key=${panel.id} data-hue=${hueOf(panel.id)}>
        <th scope="row" dir="auto">${panel.title}</th>
        ${weekdays().map((day) => {
          const share = figures.by_weekday[day - 1]?.share ?? null;
          return html`<td key=${day}><span class="weekday">
            <i style=${{ blockSize: `${(share ?? 0) * 100}%` }}></i>
            <span class="hidden-visually">${share === null ? "–" : formatPercent(share)}</span>
          </span></td>`;
        })}
      </tr>`)}</tbody>
    </table>
  </section>`;
}

export function InsightsScreen() {
  const figures = new Map(useInsights()?.panels.map((each) => [each.panel_id, each]));
  const rows = panels.value.flatMap((panel) => {
    const own = figures.get(panel.id);
    return own ? [{ panel, figures: own }] : [];
  });
  return html`<div class="page">
    <header class="heading"><h1 tabindex="-1">${t("nav.insights")}</h1></header>
    <${Status} />
    ${panels.value.length === 0
      ? html`<div class="empty"><p>${t("insights.empty")}</p><a class="button button-main" href="#/panels/new">${t("board.add")}</a></div>`
      : html`<${Year} />`}
    ${panels.value.length > 0 && rows.length === 0 && html`<p class="muted">${t("insights.unknown")}</p>`}
    ${rows.length > 0 && html`<${InsightsNote} /><div class="page-columns"><${Consistency} rows=${rows} /><${Weekdays} rows=${rows} /></div>`}
  </div>`;
}
