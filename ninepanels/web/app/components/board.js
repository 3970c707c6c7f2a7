// @ts-check
import { html, useRef, useState } from "../vendor/preact.js";
import { plusDays, range } from "../days.js";
import { t } from "../i18n/index.js";
import { isDone, panels, tap, unsent } from "../state/panels.js";
import { columnsOf } from "./columns.js";
import { hueOf } from "./hues.js";
import { Icon } from "./icons.js";
import { say } from "./notice.js";
import { Tile } from "./tile.js";

/** The number of squares. */
const SQUARES = 9;

/** The days of a tile's marks. */
const WEEK = 7;

/**
 * The nine squares of a day. Tab enters at one tile, arrow keys go to the others.
 * @param {{day: string, isYesterday: boolean}} props
 */
export function Board({ day, isYesterday }) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const [current, setCurrent] = useState(0);
  const count = panels.value.length;
  const entrance = Math.min(current, count - 1);
  const week = range(plusDays(day, 1 - WEEK), day);

  function onTap(/** @type {import("../types.js").Panel} */ panel) {
    const done = !isDone(panel.id, day);
    tap(panel.id, day, done);
    if (isYesterday) say(t(done ? "tile.doneYesterday" : "tile.notDoneYesterday", { title: panel.title }));
    else say(t(done ? "tile.doneToday" : "tile.notDoneToday", { title: panel.title }));
  }

  function onKeyDown(/** @type {KeyboardEvent} */ event) {
    const row = columnsOf(/** @type {Element} */ (event.currentTarget));
    const forward = document.documentElement.dir === "rtl" ? -1 : 1;
    const steps = {
      ArrowRight: forward,
      ArrowLeft: -forward,
      ArrowDown: row,
      ArrowUp: -row,
      Home: -current,
      End: count - 1 - current,
    };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    const target = current + (step ?? 0);
    if (step === undefined) return;
    event.preventDefault();
    if (target < 0 || target >= count) return;
    /** @type {NodeListOf<HTMLElement> | undefined} */ (list.current?.querySelectorAll(".tile"))?.[target]?.focus();
  }

  return html`<ul ref=${list} class="board" onKeyDown=${onKeyDown}>
    ${panels.value.map((panel, index) => html`<${Tile} key=${panel.id} panel=${panel} hue=${hueOf(panel.id)}
      isDone=${isDone(panel.id, day)} isYesterday=${isYesterday} isUnsent=${unsent.value.has(`${panel.id}/${day}`)}
      week=${week.map((each) => isDone(panel.id, each))} tabIndex=${index === entrance ? 0 : -1}
      onTap=${() => onTap(panel)} onFocus=${() => setCurrent(index)} />`)}
    ${count < SQUARES && html`<li key="add" class="cell">
      <a class="square-add" href="#/panels/new"><${Icon} name="add" />${t("board.add")}</a>
    </li>`}
    ${Array.from({ length: Math.max(0, SQUARES - 1 - count) }, (_, index) => html`<li key=${`empty${index}`} class="cell square-empty" data-hue=${SQUARES - 1 - index} aria-hidden="true"></li>`)}
  </ul>`;
}
