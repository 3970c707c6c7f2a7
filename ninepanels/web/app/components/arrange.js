// @ts-check
import { html, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { movePanel, panels } from "../state/panels.js";
import { describeError } from "./form.js";
import { hueOf } from "./hues.js";
import { Icon } from "./icons.js";
import { say, show } from "./notice.js";

const ROW = 3;
const GLIDE_MS = 180;

/**
 * The board while its order changes: by dragging, by two buttons on each tile, or by arrow keys on them.
 * A drag is sent when it ends, and Escape takes it back.
 */
export function Arrange() {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const places = useRef(/** @type {Map<number, DOMRect>} */ (new Map()));
  const drag = useRef(/** @type {{id: number, dx: number, dy: number} | null} */ (null));
  const focused = useRef(/** @type {HTMLElement | null} */ (null));
  const [order, setOrder] = useState(/** @type {number[] | null} */ (null));
  const byId = new Map(panels.value.map((panel) => [panel.id, panel]));
  const ids = order?.filter((id) => byId.has(id)) ?? [...byId.keys()];

  // Let the tiles glide from where they were to where they are.
  useLayoutEffect(() => {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (const cell of cells()) {
      const id = Number(cell.dataset.panel);
      const now = placeOf(cell);
      const before = places.current.get(id);
      places.current.set(id, now);
      if (isStill || !before || id === drag.current?.id || (before.x === now.x && before.y === now.y)) continue;
      cell.animate([{ transform: `translate(${before.x - now.x}px, ${before.y - now.y}px)` }, { transform: "none" }], {
        duration: GLIDE_MS,
        easing: "ease-out",
      });
    }
    // A moved element loses the focus.
    focused.current?.focus();
    focused.current = null;
  }, [ids.join()]);

  /** @returns {HTMLElement[]} */
  function cells() {
    return [...(list.current?.children ?? [])].map((child) => /** @type {HTMLElement} */ (child));
  }

  /** Where an element is laid out, whatever moves it. @param {HTMLElement} cell */
  function placeOf(cell) {
    return new DOMRect(cell.offsetLeft, cell.offsetTop, cell.offsetWidth, cell.offsetHeight);
  }

  async function move(/** @type {number} */ id, /** @type {number} */ position) {
    if (position < 0 || position >= ids.length || (ids.indexOf(id) === position && !order)) return;
    say(t("arrange.moved", { title: byId.get(id)?.title ?? "", position: position + 1, count: ids.length }));
    try {
      if (byId.get(id)?.position !== position) await movePanel(id, position);
    } catch (error) {
      show(describeError(error));
    } finally {
      setOrder(null);
    }
  }

  function onPointerDown(/** @type {PointerEvent} */ event, /** @type {number} */ id) {
    if (event.button !== 0 || /** @type {HTMLElement} */ (event.target).closest("button")) return;
    const cell = /** @type {HTMLElement} */ (event.currentTarget);
    cell.setPointerCapture(event.pointerId);
    drag.current = { id, dx: event.clientX - cell.offsetLeft, dy: event.clientY - cell.offsetTop };
    setOrder(ids);
  }

  function onPointerMove(/** @type {PointerEvent} */ event) {
    if (!drag.current) return;
    const { id, dx, dy } = drag.current;
    const x = event.clientX - dx;
    const y = event.clientY - dy;
    const all = cells();
    const own = /** @type {HTMLElement} */ (all[ids.indexOf(id)]);
    const isOver = (/** @type {HTMLElement} */ cell) =>
      Math.abs(cell.offsetLeft - x) < cell.offsetWidth / 2 && Math.abs(cell.offsetTop - y) < cell.offsetHeight / 2;
    const target = all.findIndex(isOver);
    if (target >= 0 && all[target] !== own) {
      const next = ids.filter((each) => each !== id);
      next.splice(target, 0, id);
      setOrder(next);
    }
    const slot = all[target] ?? own;
    own.style.translate = `${x - slot.offsetLeft}px ${y - slot.offsetTop}px`;
  }

  function drop(/** @type {boolean} */ isKept) {
    if (!drag.current) return;
    const { id } = drag.current;
    drag.current = null;
    for (const cell of cells()) cell.style.translate = "";
    if (isKept) void move(id, ids.indexOf(id));
    else setOrder(null);
  }

  function onKeyDown(/** @type {KeyboardEvent} */ event, /** @type {number} */ id) {
    const forward = document.documentElement.dir === "rtl" ? -1 : 1;
    const step = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: ROW, ArrowUp: -ROW }[event.key];
    if (event.key === "Escape") drop(false);
    if (!step) return;
    event.preventDefault();
    shift(id, step);
  }

  function shift(/** @type {number} */ id, /** @type {number} */ step) {
    focused.current = /** @type {HTMLElement} */ (document.activeElement);
    void move(id, ids.indexOf(id) + step);
  }

  return html`<ol ref=${list} class="board board-arrange">
    ${ids.map((id, index) => {
          const title = byId.get(id)?.title ?? "";
          return html`<li key=${id} data-panel=${id} data-hue=${hueOf(id)} class=${`cell arranged${drag.current?.id === id ? " dragged" : ""}`}
        onPointerDown=${(/** @type {PointerEvent} */ event) => onPointerDown(event, id)} onPointerMove=${onPointerMove}
        onPointerUp=${() => drop(true)} onPointerCancel=${() => drop(false)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => onKeyDown(event, id)}>
        <span class="face-title" dir="auto">${title}</span>
        <span class="arrange-buttons">
          <button type="button" class="icon-button" aria-label=${t("arrange.earlier", { title })} aria-disabled=${index === 0}
            onClick=${() => shift(id, -1)}><${Icon} name="back" /></button>
          <button type="button" class="icon-button" aria-label=${t("arrange.later", { title })} aria-disabled=${index === ids.length - 1}
            onClick=${() => shift(id, 1)}><${Icon} name="forward" /></button>
        </span>
      </li>`;
        })}
  </ol>`;
}
