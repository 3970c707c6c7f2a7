// @ts-check
// What is wrong with the fields of a form, in the user's language: found here before anything is sent, or by the service.

import { t } from "../i18n/index.js";
import { createContext } from "../vendor/preact.js";

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Input */
/** @typedef {Record<string, string>} Problems what is wrong, by the name of the field */

/** The problems of the form around a field. */
export const FormProblems = createContext(/** @type {Problems} */ ({}));

/** The fields of a form that have a name. @param {HTMLFormElement} form */
export const fieldsOf = (form) => /** @type {Input[]} */ ([...form.elements]).filter((field) => field.name);

/** @param {HTMLFormElement} form @returns {Problems} */
export function findProblems(form) {
  return collect(fieldsOf(form).map((field) => [field.name, problemOf(field)]));
}

/**
 * What the service found, about fields of this form. The names of fields are those of the API, with hyphens.
 * @param {import("../api.js").Problem[]} problems
 * @param {HTMLFormElement} form
 */
export function translateProblems(problems, form) {
  return collect(
    problems.flatMap(({ loc, type }) => {
      const name = String(loc.at(-1)).replaceAll("_", "-");
      const field = fieldsOf(form).find((each) => each.name === name);
      return field ? [[name, textOf(type, field)]] : [];
    }),
  );
}

/** @param {[string, string | undefined][]} texts */
function collect(texts) {
  return /** @type {Problems} */ (Object.fromEntries(texts.filter(([, text]) => text)));
}

/** @param {Input} field */
function problemOf(field) {
  const length = field.value.trim().length;
  if (field.required && length === 0) return t("problem.required");
  if (field.type === "email" && field.validity.typeMismatch) return t("problem.email");
  // An own check, because that of browsers leaves out what a password manager has filled in.
  return "minLength" in field && length > 0 && field.value.length < field.minLength ? textOf("string_too_short", field) : undefined;
}

/** @param {string} type that of the service @param {Input} field */
function textOf(type, field) {
  const { minLength = -1, maxLength = -1 } = "minLength" in field ? field : {};
  if (type === "email") return t("problem.email");
  if (type === "timezone") return t("problem.timezone");
  if (type === "common_password") return t("problem.common");
  if (type === "string_too_short") return minLength > 1 ? t("problem.short", { count: minLength }) : t("problem.required");
  return type === "string_too_long" && maxLength > 0 ? t("problem.long", { count: maxLength }) : t("problem.other");
}
