// @ts-check
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { Arrange } from "../components/arrange.js";
import { Board } from "../components/board.js";
import { Segments } from "../components/field.js";
import { Icon } from "../components/icons.js";
import { Refusals } from "../components/refusals.js";
import { statusText } from "../components/status.js";
import { plusDays } from "../days.js";
import { formatDay } from "../i18n/formats.js";
import { t } from "../i18n/index.js";
import { panels, today } from "../state/panels.js";

/** The status, with room for it when there is none: the board does not move. */
function StatusRoom() {
  return html`<p class="status">${statusText()}</p>`;
}

/** @param {{title: string, subtitle: string, children?: any}} props */
function Head({ title, subtitle, children }) {
  return html`<header class="panels-head">
    <h1 tabindex="-1" class="panels-day">${title} <small>${subtitle}</small></h1>
    <div class="panels-controls">${children}</div>
  </header>`;
}

/** @param {{onFinish: () => void}} props */
function ArrangeMode({ onFinish }) {
  const finish = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => finish.current?.focus(), []);
  return html`<${Head} title=${t("arrange.title")} subtitle=${t("arrange.lead")}>
      <button ref=${finish} type="button" class="button button-main" onClick=${onFinish}>${t("arrange.finish")}</button>
    <//>
    <p class="status"></p>
    <div class="board-room"><div class="board-area"><${Arrange} onFinish=${onFinish} /></div></div>`;
}

/** @param {{onArrange: () => void, isReturn: boolean}} props `isReturn` after the order was changed */
function DayMode({ onArrange, isReturn }) {
  const start = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (isReturn) start.current?.focus();
  }, []);
  const [isYesterday, setYesterday] = useState(false);
  // A new day starts with today.
  useEffect(() => setYesterday(false), [today.value]);
  const day = isYesterday ? plusDays(today.value, -1) : today.value;
  const count = panels.value.length;
  const days = [
    { value: "yesterday", label: t("panels.yesterday") },
    { value: "today", label: t("panels.today") },
  ];

  return html`<${Head} title=${formatDay(day, "weekday")} subtitle=${formatDay(day, "dayAndMonth")}>
      ${count > 1 && html`<button ref=${start} type="button" class="icon-button" aria-label=${t("arrange.start")} onClick=${onArrange}><${Icon} name="arrange" /></button>`}
      ${count > 0 && html`<${Segments} label=${t("panels.day")} value=${isYesterday ? "yesterday" : "today"} options=${days}
        onChange=${(/** @type {string} */ value) => setYesterday(value === "yesterday")} />`}
    <//>
    <${Refusals} />
    <${StatusRoom} />
    ${count === 0 && html`<p class="panels-lead">${t("board.lead")}</p>`}
    <div class=${isYesterday ? "board-room board-yesterday" : "board-room"}>
      <div class="board-area"><${Board} day=${day} isYesterday=${isYesterday} /></div>
    </div>`;
}

export function PanelsScreen() {
  const [mode, setMode] = useState(/** @type {"day" | "arrange" | "return"} */ ("day"));
  return html`<div class="panels">
    ${mode === "arrange" ? html`<${ArrangeMode} onFinish=${() => setMode("return")} />` : html`<${DayMode} onArrange=${() => setMode("arrange")} isReturn=${mode === "return"} />`}
  </div>`;
}
