// @ts-check
import { html, useRef } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { go } from "../router.js";
import { Face } from "./face.js";
import { Icon } from "./icons.js";

/** How long a finger rests on a tile to open its page. */
const LONG_PRESS_MS = 500;

/** How far a resting finger may move, in CSS pixels. */
const TOLERANCE = 10;

/**
 * One of the nine squares: a tap records the day, a long press, Shift+Enter or the small link opens the panel's page.
 * @param {{
 *   panel: import("../types.js").Panel, hue: number, isDone: boolean, isYesterday: boolean, isUnsent: boolean,
 *   week: boolean[], tabIndex: number, onTap: () => void, onFocus: () => void,
 * }} props `week` has the last seven days, the shown one last
 */
export function Tile({ panel, hue, isDone, isYesterday, isUnsent, week, tabIndex, onTap, onFocus }) {
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  const press = useRef({ timer: 0, x: 0, y: 0, isOpening: false });
  const path = `/panels/${panel.id}`;

  function onPointerDown(/** @type {PointerEvent} */ event) {
    const box = /** @type {HTMLElement} */ (element.current);
    const { left, top } = box.getBoundingClientRect();
    // The wave starts here.
    box.style.setProperty("--wave-x", `${event.clientX - left}px`);
    box.style.setProperty("--wave-y", `${event.clientY - top}px`);
    press.current = { timer: 0, x: event.clientX, y: event.clientY, isOpening: false };
    if (event.pointerType === "mouse") return;
    press.current.timer = window.setTimeout(() => {
      press.current.isOpening = true;
      go(path);
    }, LONG_PRESS_MS);
  }

  function onPointerMove(/** @type {PointerEvent} */ event) {
    const { x, y, timer } = press.current;
    if (Math.hypot(event.clientX - x, event.clientY - y) > TOLERANCE) clearTimeout(timer);
  }

  const cancel = () => clearTimeout(press.current.timer);

  function onClick(/** @type {MouseEvent} */ event) {
    cancel();
    if (press.current.isOpening) return;
    if (event.detail === 0) {
      element.current?.style.removeProperty("--wave-x");
      element.current?.style.removeProperty("--wave-y");
    }
    onTap();
  }

  function onContextMenu(/** @type {MouseEvent} */ event) {
    // A long press opens the panel's page instead of the menu.
    if (press.current.timer) event.preventDefault();
  }

  function onKeyDown(/** @type {KeyboardEvent} */ event) {
    if (event.key !== "Enter" || !event.shiftKey) return;
    event.preventDefault();
    go(path);
  }

  const state = isYesterday
    ? t(isDone ? "tile.doneYesterday" : "tile.notDoneYesterday", { title: panel.title })
    : t(isDone ? "tile.doneToday" : "tile.notDoneToday", { title: panel.title });
  const face = (/** @type {boolean} */ isDoneFace) => html`<${Face} title=${panel.title} week=${week} isUnsent=${isUnsent} isDone=${isDoneFace} />`;

  return html`<li class="cell" data-hue=${hue}>
    <button ref=${element} type="button" class="tile" aria-pressed=${isDone} tabindex=${tabIndex} data-panel=${panel.id}
      aria-label=${isUnsent ? `${state}, ${t("tile.unsent")}` : state}
      onClick=${onClick} onKeyDown=${onKeyDown} onFocus=${onFocus} onContextMenu=${onContextMenu}
      onPointerDown=${onPointerDown} onPointerMove=${onPointerMove} onPointerUp=${cancel} onPointerCancel=${cancel} onPointerLeave=${cancel}>
      ${face(false)} ${face(true)}
    </button>
    <a class="tile-open" href=${`#${path}`} tabindex=${tabIndex} aria-label=${t("tile.open", { title: panel.title })}><${Icon} name="details" /></a>
  </li>`;
}
