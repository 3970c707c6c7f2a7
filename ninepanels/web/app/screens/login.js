// @ts-check
import { html, useEffect, useState } from "../vendor/preact.js";
import { Field } from "../components/field.js";
import { Form } from "../components/form.js";
import { Welcome } from "../components/welcome.js";
import { t } from "../i18n/index.js";
import { isCodeWanted, logIn, needsLogin, user } from "../state/session.js";
import { unsent } from "../state/panels.js";

/** The app leads on after the login: to `next` of the query, or to the board. */
export function LogInScreen() {
  const [email, setEmail] = useState(user.value?.email ?? "");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [hasSecondFactor, setSecondFactor] = useState(false);
  useEffect(() => {
    if (hasSecondFactor) /** @type {HTMLElement | null} */ (document.querySelector("[name='totp-code']"))?.focus();
  }, [hasSecondFactor]);

  function changeEmail(/** @type {string} */ value) {
    setEmail(value);
    // Another account may have none.
    setSecondFactor(false);
    setCode("");
  }

  async function action() {
    try {
      await logIn(email, password, code);
    } catch (error) {
      // A code works once.
      setCode("");
      if (!isCodeWanted(error)) throw error;
      setSecondFactor(true);
    }
  }

  const lead =
    needsLogin.value && unsent.value.size
      ? t("login.kept", { count: unsent.value.size })
      : needsLogin.value
        ? t("login.again")
        : t("signup.lead");
  return html`<${Welcome} title=${t("login.title")} lead=${lead}>
    <${Form} action=${action} label=${t("login.title")}>
      <${Field} label=${t("field.email")} name="email" type="email" value=${email} onInput=${changeEmail} autocomplete="username" dir="ltr" />
      <${Field} label=${t("field.password")} name="password" type="password" value=${password} onInput=${setPassword}
        autocomplete="current-password" dir="ltr" />
      ${
        hasSecondFactor &&
        html`<${Field} label=${t("field.code")} name="totp-code" value=${code} onInput=${setCode} hint=${t("login.codeHint")}
          autocomplete="one-time-code" dir="ltr" />`
      }
    <//>
    <p class="welcome-other"><a href="#/forgotten">${t("login.forgotten")}</a></p>
    <p class="welcome-new"><span>${t("login.noAccount")}</span> <a class="button" href="#/signup">${t("signup.title")}</a></p>
  <//>`;
}
