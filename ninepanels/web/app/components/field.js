// @ts-check
import { html, useContext, useId, useMemo, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { FormProblems } from "./problems.js";

/** What is said about a field, and read out with it. @param {{id: string, hint: string | undefined, problem: string | undefined}} props */
function About({ id, hint, problem }) {
  if (!hint && !problem) return null;
  return html`<div id=${id}>
    ${problem && html`<p class="field-problem">${problem}</p>`}
    ${hint && html`<p class="field-hint">${hint}</p>`}
  </div>`;
}

/**
 * A labelled input. `hint` is read out with it; `limits` are further attributes, of which `data-start` gives it the focus
 * when its screen opens.
 * @param {{
 *   label: string, name: string, value: string, onInput: (value: string) => void, type?: string, hint?: string,
 *   autocomplete?: string, maxLength?: number, minLength?: number, isOptional?: boolean, rows?: number, dir?: string, "data-start"?: string,
 * }} props
 */
export function Field({ label, value, onInput, type = "text", hint, autocomplete = "off", isOptional, rows, ...limits }) {
  const id = useId();
  const problem = useContext(FormProblems)[limits.name];
  const [isShown, setShown] = useState(false);
  const isPassword = type === "password";
  const attributes = {
    ...limits,
    "id": `${id}-input`,
    "class": "input",
    value,
    autocomplete,
    "required": !isOptional,
    "aria-invalid": problem ? "true" : undefined,
    "aria-describedby": (hint || problem) && `${id}-about`,
    "onInput": (/** @type {any} */ event) => onInput(event.currentTarget.value),
  };
  const isProse = type === "text" && autocomplete !== "one-time-code";
  const input = rows
    ? html`<textarea ...${attributes} rows=${rows}></textarea>`
    : html`<input ...${attributes} type=${isPassword && isShown ? "text" : type} spellcheck=${isProse} autocapitalize=${isProse ? undefined : "none"} />`;
  return html`<div class="field">
    <label for=${attributes.id}>${label}${isOptional && html` <small class="muted">${t("field.optional")}</small>`}</label>
    <div class="field-box">
      ${input}
      ${isPassword && html`<button type="button" class="field-reveal" aria-pressed=${isShown} aria-label=${t("password.showLabel")}
        onClick=${() => setShown(!isShown)}>${t("password.show")}</button>`}
    </div>
    <${About} id=${`${id}-about`} hint=${hint} problem=${problem} />
  </div>`;
}

/** @typedef {{value: string, label: string}} Option */
/** @typedef {{label: string, options: Option[]}} OptionGroup */

/** @param {Option | OptionGroup} item @returns {import("../vendor/preact.js").VNode} */
function elementOf(item) {
  if (!("options" in item)) return html`<option key=${item.value} value=${item.value}>${item.label}</option>`;
  return html`<optgroup key=${item.label} label=${item.label}>${item.options.map(elementOf)}</optgroup>`;
}

/**
 * A labelled choice of one option.
 * @param {{
 *   label: string, name: string, value: string, onInput: (value: string) => void, hint?: string,
 *   options: readonly (Option | OptionGroup)[], isLabelHidden?: boolean,
 * }} props
 */
export function Select({ label, isLabelHidden, name, value, onInput, hint, options }) {
  const id = useId();
  const problem = useContext(FormProblems)[name];
  // Hundreds of time zones are not compared with each change of another field.
  const elements = useMemo(() => options.map(elementOf), [options]);
  return html`<div class="field">
    <label for=${`${id}-input`} class=${isLabelHidden ? "hidden-visually" : ""}>${label}</label>
    <div class="field-box select-box">
      <select id=${`${id}-input`} name=${name} value=${value} class="input" aria-invalid=${problem ? "true" : undefined}
        aria-describedby=${(hint || problem) && `${id}-about`}
        onChange=${(/** @type {any} */ event) => onInput(event.currentTarget.value)}>
        ${elements}
      </select>
    </div>
    <${About} id=${`${id}-about`} hint=${hint} problem=${problem} />
  </div>`;
}

/**
 * A choice of few options, all of them visible.
 * @param {{
 *   label: string, value: string, onChange: (value: string) => void, isLabelShown?: boolean,
 *   options: {value: string, label: string}[],
 * }} props
 */
export function Segments({ label, value, onChange, isLabelShown, options }) {
  const name = useId();
  return html`<fieldset class="segments">
    <legend class=${isLabelShown ? "" : "hidden-visually"}>${label}</legend>
    <div class="segments-row">
      ${options.map(
              (option) => html`<label key=${option.value} class="segment">
        <input type="radio" class="hidden-visually" name=${name} value=${option.value} checked=${option.value === value}
          onChange=${() => onChange(option.value)} />
        <span>${option.label}</span>
      </label>`,
            )}
    </div>
  </fieldset>`;
}
