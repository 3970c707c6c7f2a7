// @ts-check
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { movePanel, panels } from "../state/panels.js";
import { columnsOf } from "./columns.js";
import { Title } from "./face.js";
import { describeError } from "./form.js";
import { hueOf } from "./hues.js";
import { Icon } from "./icons.js";
import { say, show } from "./notice.js";

/** How long a tile takes to its new place. */
const GLIDE_MS = 180;

/** @typedef {{id: number, from: number, dx: number, dy: number}} Drag - What is dragged, and where it is held. */

/**
 * The board while its order changes: by dragging, by two buttons on each tile, or by arrow keys on them.
 * A drag is sent when it ends. Escape takes it back, and without a drag it leaves the board.
 * @param {{onFinish: () => void}} props
 */
export function Arrange({ onFinish }) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const places = useRef(/** @type {Map<number, {x: number, y: number}>} */ (new Map()));
  const drag = useRef(/** @type {Drag | null} */ (null));
  const focused = useRef(/** @type {HTMLElement | null} */ (null));
  const [order, setOrder] = useState(/** @type {number[] | null} */ (null));
  const byId = new Map(panels.value.map((panel) => [panel.id, panel]));
  const ids = order?.filter((id) => byId.has(id)) ?? [...byId.keys()];

  useLayoutEffect(() => {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (const cell of cells()) {
      const id = Number(cell.dataset.panel);
      const before = places.current.get(id);
      const now = { x: cell.offsetLeft, y: cell.offsetTop };
      places.current.set(id, now);
      if (!isStill && before && id !== drag.current?.id) glide(cell, before.x - now.x, before.y - now.y);
    }
    // An element that is moved in the document loses the focus.
    focused.current?.focus();
    focused.current = null;
  }, [ids.join()]);

  useEffect(() => {
    function onEscape(/** @type {KeyboardEvent} */ event) {
      if (event.key !== "Escape") return;
      if (drag.current) drop(false);
      else onFinish();
    }
    // While a tile is dragged, no element in the board has the focus.
    addEventListener("keydown", onEscape);
    return () => removeEventListener("keydown", onEscape);
  });

  /** @returns {HTMLElement[]} */
  const cells = () => [...(list.current?.children ?? [])].map((child) => /** @type {HTMLElement} */ (child));

  /** @param {number} id @param {number} position */
  async function move(id, position) {
    say(t("arrange.moved", { title: byId.get(id)?.title ?? "", position: position + 1, count: ids.length }));
    try {
      await movePanel(id, position);
    } catch (error) {
      show(describeError(error));
    }
  }

  /** @param {PointerEvent} event */
  function onPointerDown(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const cell = /** @type {HTMLElement | null} */ (target.closest("[data-panel]"));
    if (event.button !== 0 || !cell || target.closest("button")) return;
    // The list gets the events, because it stays where it is in the document.
    list.current?.setPointerCapture(event.pointerId);
    const id = Number(cell.dataset.panel);
    drag.current = { id, from: ids.indexOf(id), dx: event.clientX - cell.offsetLeft, dy: event.clientY - cell.offsetTop };
    setOrder(ids);
  }

  /** @param {PointerEvent} event */
  function onPointerMove(event) {
    if (!drag.current) return;
    const { id, dx, dy } = drag.current;
    const [x, y] = [event.clientX - dx, event.clientY - dy];
    const all = cells();
    const own = all[ids.indexOf(id)];
    if (!own) return;
    const slot = all.find((cell) => Math.abs(cell.offsetLeft - x) < cell.offsetWidth / 2 && Math.abs(cell.offsetTop - y) < cell.offsetHeight / 2) ?? own;
    if (slot !== own) setOrder(withMoved(ids, id, all.indexOf(slot)));
    own.style.translate = `${x - slot.offsetLeft}px ${y - slot.offsetTop}px`;
  }

  /** @param {boolean} isKept */
  function drop(isKept) {
    if (!drag.current) return;
    const { id, from } = drag.current;
    drag.current = null;
    for (const cell of cells()) cell.style.translate = "";
    if (isKept && ids.indexOf(id) !== from) void move(id, ids.indexOf(id));
    setOrder(null);
  }

  /** @param {number} id @param {number} step */
  function shift(id, step) {
    const position = ids.indexOf(id) + step;
    if (position < 0 || position >= ids.length) return;
    focused.current = /** @type {HTMLElement} */ (document.activeElement);
    void move(id, position);
  }

  /** @param {KeyboardEvent} event @param {number} id */
  function onKeyDown(event, id) {
    const forward = document.documentElement.dir === "rtl" ? -1 : 1;
    const row = columnsOf(/** @type {HTMLElement} */ (list.current));
    const step = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: row, ArrowUp: -row }[event.key];
    if (!step) return;
    event.preventDefault();
    shift(id, step);
  }

  /** @param {number} id @param {number} index */
  function cellOf(id, index) {
    const title = byId.get(id)?.title ?? "";
    return html`<li key=${id} data-panel=${id} data-hue=${hueOf(id)} class=${drag.current?.id === id ? "cell dragged" : "cell"}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => onKeyDown(event, id)}>
      <span class="face arranged">
        <${Title} title=${title} />
        <span class="arrange-buttons">
          <button type="button" class="icon-button" aria-label=${t("arrange.earlier", { title })} aria-disabled=${index === 0}
            onClick=${() => shift(id, -1)}><${Icon} name="back" /></button>
          <button type="button" class="icon-button" aria-label=${t("arrange.later", { title })} aria-disabled=${index === ids.length - 1}
            onClick=${() => shift(id, 1)}><${Icon} name="forward" /></button>
        </span>
      </span>
    </li>`;
  }

  return html`<ol ref=${list} class="board" onPointerDown=${onPointerDown} onPointerMove=${onPointerMove}
    onPointerUp=${() => drop(true)} onPointerCancel=${() => drop(false)}>${ids.map(cellOf)}</ol>`;
}

/** @param {number[]} ids @param {number} id @param {number} position */
function withMoved(ids, id, position) {
  const others = ids.filter((each) => each !== id);
  return [...others.slice(0, position), id, ...others.slice(position)];
}

/** Lets a tile move from where it was to where it is. @param {HTMLElement} cell @param {number} dx @param {number} dy */
function glide(cell, dx, dy) {
  if (dx === 0 && dy === 0) return;
  cell.animate([{ transform: `translate(${dx}px, ${dy}px)` }, { transform: "none" }], { duration: GLIDE_MS, easing: "ease-out" });
}
