// @ts-check
import { html, useRef, useState } from "../vendor/preact.js";
import { ApiError, Unreachable } from "../api.js";
import { t } from "../i18n/index.js";
import { FormProblems, fieldsOf, findProblems, translateProblems } from "./problems.js";

/** The errors that have a text of their own. @type {Record<string, import("../i18n/index.js").Key>} */
const TEXTS = {
  not_authenticated: "error.loggedOut",
  login_expired: "error.loggedOut",
  wrong_login: "error.wrongLogin",
  wrong_password: "error.wrongPassword",
  wrong_code: "error.wrongCode",
  wrong_second_factor: "error.wrongCode",
  email_taken: "error.emailTaken",
  invalid_reset_token: "error.invalidLink",
  invalid_verification_token: "error.invalidVerification",
  rate_limited: "error.rateLimited",
  too_many_panels: "error.tooManyPanels",
  not_found: "error.notFound",
  invalid_request: "error.invalid",
};

/**
 * What went wrong, in the user's language.
 * @param {unknown} error
 */
export function describeError(error) {
  if (error instanceof Unreachable) return t("error.unreachable");
  if (!(error instanceof ApiError)) throw error;
  const key = TEXTS[error.code];
  if (key) return t(key, { count: Math.ceil((error.retryAfter ?? 60) / 60) });
  return error.status >= 500 ? t("error.unavailable") : t("error.other", { detail: error.message });
}

/**
 * A form that checks its fields, waits for its action, shows what went wrong, and moves the focus there.
 * @param {{
 *   action: () => Promise<unknown>, label: string, children?: any, isDangerous?: boolean, isDisabled?: boolean, secondary?: any,
 * }} props
 */
export function Form({ action, label, children, isDangerous, isDisabled, secondary }) {
  const [error, setError] = useState("");
  const [problems, setProblems] = useState(/** @type {import("./problems.js").Problems} */ ({}));
  const [isBusy, setBusy] = useState(false);
  const message = useRef(/** @type {HTMLElement | null} */ (null));

  /** Shows the problems of fields, if there are any. @param {HTMLFormElement} form @param {typeof problems} found */
  function mark(form, found) {
    setProblems(found);
    const first = fieldsOf(form).find((field) => field.name in found);
    // After the problem is in the page, so that it is read out with the field.
    setTimeout(() => first?.focus());
    return first !== undefined;
  }

  /** A field that is changed may be right now. */
  function onInput(/** @type {InputEvent} */ event) {
    const { [/** @type {any} */ (event.target).name]: changed, ...others } = problems;
    if (changed) setProblems(others);
  }

  async function onSubmit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (isBusy) return;
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    setError("");
    if (mark(form, findProblems(form))) return;
    setBusy(true);
    try {
      await action();
    } catch (problem) {
      if (problem instanceof ApiError && mark(form, translateProblems(problem.problems, form))) return;
      setError(describeError(problem));
      message.current?.focus();
    } finally {
      setBusy(false);
    }
  }

  const look = isDangerous ? "button-danger" : "button-main";
  return html`<form class="form" noValidate onSubmit=${onSubmit} onInput=${onInput}>
    <p ref=${message} class="form-error" role="alert" tabindex="-1">${error}</p>
    <${FormProblems.Provider} value=${problems}>${children}<//>
    <div class="form-actions">
      <button class=${`button ${look}`} disabled=${isDisabled} aria-busy=${isBusy}>${label}</button>
      ${secondary}
    </div>
  </form>`;
}
