// @ts-check
import { keepPreference, readPreference } from "../preferences.js";
import { signal } from "../vendor/preact.js";

/**
 * @typedef {keyof typeof import("./en.js").default} Key
 * @typedef {{[category in Intl.LDMLPluralRule]?: string} & {other: string}} Plural
 * @typedef {{[key in Key]: (typeof import("./en.js").default)[key] extends string ? string : Plural}} Catalogue
 * @typedef {"en" | "de" | "ar"} Language
 */

/** The languages by their own names. @type {Record<Language, string>} */
export const LANGUAGES = { en: "English", de: "Deutsch", ar: "العربية" };

const RIGHT_TO_LEFT = /^ar/;
const RIGHT_TO_LEFT_TEXT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;
const STORED = "language";

/** The locale of numbers and days: the browser's own variant of the language, if it has one. */
export const locale = signal("en");

/** @type {import("../vendor/preact.js").Signal<Language>} */
export const language = signal("en");

/** @type {Catalogue} */
let catalogue;

let plurals = new Intl.PluralRules("en");
let numbers = new Intl.NumberFormat("en");

/** Load the stored language, or the first one of the browser that there is a catalogue for. */
export async function loadLanguage() {
  const wanted = [readPreference(STORED) ?? "", ...navigator.languages].map(languageOf);
  await use(wanted.find((code) => code !== undefined) ?? "en");
}

/**
 * Change the language and store it on this device.
 * @param {Language} code
 */
export async function setLanguage(code) {
  await use(code);
  keepPreference(STORED, code);
}

/** @param {string} tag @returns {Language | undefined} */
function languageOf(tag) {
  const code = tag.toLowerCase().replace(/-.*/, "");
  return code in LANGUAGES ? /** @type {Language} */ (code) : undefined;
}

/** @param {Language} code */
async function use(code) {
  catalogue = (await import(`./${code}.js`)).default;
  locale.value = navigator.languages.find((tag) => languageOf(tag) === code) ?? code;
  plurals = new Intl.PluralRules(locale.value);
  numbers = new Intl.NumberFormat(locale.value);
  document.documentElement.lang = code;
  document.documentElement.dir = RIGHT_TO_LEFT.test(code) ? "rtl" : "ltr";
  language.value = code;
}

/**
 * The text of a key in the current language. `{name}` is replaced; `count` chooses the plural.
 * @param {Key} key
 * @param {Record<string, string | number>} [params]
 */
export function t(key, params = {}) {
  void language.value; // A component that shows the text is rendered again when the language changes.
  const message = catalogue[key];
  const text = typeof message === "string" ? message : (message[plurals.select(Number(params.count))] ?? message.other);
  return text.replace(/\{(\w+)\}/g, (_, name) => insert(params[name] ?? ""));
}

/**
 * The direction of a user's text: that of its first letter.
 * @param {string} text
 */
export function directionOf(text) {
  return RIGHT_TO_LEFT_TEXT.test(/\p{L}/u.exec(text)?.[0] ?? "") ? "rtl" : "ltr";
}

/** @param {string | number} value */
function insert(value) {
  if (typeof value === "number") return numbers.format(value);
  // Isolate a text of the other direction, so that it leaves the order of the words around it alone.
  return RIGHT_TO_LEFT.test(language.value) !== RIGHT_TO_LEFT_TEXT.test(value) ? `\u2068${value}\u2069` : value;
}
