// @ts-check
import { html, useState } from "../vendor/preact.js";
import { ConfirmDialog } from "../components/dialog.js";
import { Face } from "../components/face.js";
import { Field } from "../components/field.js";
import { Form } from "../components/form.js";
import { hueOf, nextHue } from "../components/hues.js";
import { Heading } from "../components/navigation.js";
import { show } from "../components/notice.js";
import { t } from "../i18n/index.js";
import { go } from "../router.js";
import { createPanel, deletePanel, panels, resetHistory, updatePanel } from "../state/panels.js";

/** A week in which only the last day may be done. @param {boolean} isDone */
const weekOf = (isDone) => Array.from({ length: 7 }, (_, index) => isDone && index === 6);

/** @param {{title: string, hue: number}} props how the square will look */
function Preview({ title, hue }) {
  return html`<div class="preview" data-hue=${hue} aria-hidden="true">
    ${[false, true].map(
          (isDone) => html`<span key=${isDone} class="cell">
      <${Face} title=${title || t("edit.untitled")} week=${weekOf(isDone)} isDone=${isDone} />
    </span>`,
        )}
  </div>`;
}

/** @param {{panel: import("../types.js").Panel}} props */
function Removal({ panel }) {
  const [asked, setAsked] = useState("");
  const close = () => setAsked("");

  async function reset() {
    await resetHistory(panel.id);
    close();
    show(t("edit.resetDone", { title: panel.title }));
  }

  async function remove() {
    await deletePanel(panel.id);
    go("/", { isReplaced: true });
    show(t("edit.deleteDone", { title: panel.title }));
  }

  return html`<section class="card card-quiet">
    <h2>${t("edit.removal")}</h2>
    <div class="rows">
      <div class="row"><p>${t("edit.resetLead")}</p>
        <button type="button" class="button" onClick=${() => setAsked("reset")}>${t("edit.reset")}</button></div>
      <div class="row"><p>${t("edit.deleteLead")}</p>
        <button type="button" class="button button-risky" onClick=${() => setAsked("delete")}>${t("edit.delete")}</button></div>
    </div>
    ${
          asked === "reset" &&
          html`<${ConfirmDialog} title=${t("edit.resetTitle", { title: panel.title })} label=${t("edit.reset")} action=${reset} onClose=${close}>
      <p>${t("edit.resetText")}</p><//>`
        }
    ${
          asked === "delete" &&
          html`<${ConfirmDialog} title=${t("edit.deleteTitle", { title: panel.title })} label=${t("edit.delete")} action=${remove} onClose=${close}>
      <p>${t("edit.deleteText")}</p><//>`
        }
  </section>`;
}

/** Adds a panel, or changes one. @param {{id: number}} props not a number for a new panel */
export function EditScreen({ id }) {
  const panel = panels.value.find((each) => each.id === id);
  // Only what was changed here is sent: the rest can have been changed on another device.
  const [changes, setChanges] = useState(/** @type {{title?: string, description?: string}} */ ({}));
  const title = changes.title ?? panel?.title ?? "";
  const description = changes.description ?? panel?.description ?? "";
  const backPath = panel ? `/panels/${panel.id}` : "/";
  const isMissing = !panel && !Number.isNaN(id);
  if (isMissing) return html`<${Heading} title=${t("panel.missing")} backPath="/" backLabel=${t("back.panels")} />`;

  async function action() {
    if (!panel) await createPanel({ title, description });
    else if (Object.keys(changes).length) await updatePanel(panel.id, changes);
    go(backPath, { isReplaced: true });
  }

  return html`<div class="page page-narrow">
    <${Heading} title=${panel ? t("edit.title") : t("edit.newTitle")} backPath=${backPath} backLabel=${panel ? t("back.panel", { title: panel.title }) : t("back.panels")} />
    <${Preview} title=${title} hue=${panel ? hueOf(panel.id) : nextHue()} />
    <section class="card">
      <${Form} action=${action} label=${panel ? t("save") : t("edit.add")}>
        <${Field} label=${t("field.title")} name="title" value=${title} maxLength=${65} dir="auto" data-start=${panel ? undefined : ""}
          onInput=${(/** @type {string} */ value) => setChanges({ ...changes, title: value })} hint=${panel ? undefined : t("edit.titleHint")} />
        <${Field} label=${t("field.description")} name="description" value=${description} maxLength=${2_000}
          onInput=${(/** @type {string} */ value) => setChanges({ ...changes, description: value })} rows=${3} isOptional dir="auto" />
      <//>
    </section>
    ${panel && html`<${Removal} panel=${panel} />`}
  </div>`;
}
