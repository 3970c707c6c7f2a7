// @ts-check
import { html, useEffect, useId, useRef } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { Form } from "./form.js";

/**
 * Asks before something that cannot be taken back. Escape, "Cancel" and a click beside it close it.
 * @param {{title: string, label: string, action: () => Promise<unknown>, onClose: () => void, isDisabled?: boolean, children?: any}} props
 */
export function ConfirmDialog({ title, label, action, onClose, isDisabled, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby=${id} onClose=${onClose}
    onClick=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && close()}>
    <div class="dialog-body">
      <h2 id=${id}>${title}</h2>
      <${Form} action=${action} label=${label} isDangerous isDisabled=${isDisabled}
        secondary=${html`<button type="button" class="button" autofocus onClick=${close}>${t("cancel")}</button>`}>
        ${children}
      <//>
    </div>
  </dialog>`;
}
