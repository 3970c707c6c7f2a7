// @ts-check
import { html } from "../vendor/preact.js";
import { LANGUAGES, language, setLanguage, t } from "../i18n/index.js";
import { Select } from "./field.js";

/** The choice of a language for this device. @param {{isLabelHidden?: boolean}} props */
export function LanguageChoice({ isLabelHidden }) {
  return html`<${Select} label=${t("field.language")} isLabelHidden=${isLabelHidden} name="language" value=${language.value} onInput=${setLanguage}
    options=${Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))} />`;
}
