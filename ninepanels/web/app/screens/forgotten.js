// @ts-check
import { html, useState } from "../vendor/preact.js";
import { Field } from "../components/field.js";
import { Form } from "../components/form.js";
import { say } from "../components/notice.js";
import { Welcome } from "../components/welcome.js";
import { t } from "../i18n/index.js";
import { requestReset } from "../state/session.js";

export function ForgottenScreen() {
  const [email, setEmail] = useState("");
  const [isSent, setSent] = useState(false);

  async function action() {
    await requestReset(email);
    setSent(true);
    say(t("forgotten.sent", { email }));
  }

  return html`<${Welcome} title=${t("forgotten.title")} lead=${isSent ? t("forgotten.sent", { email }) : t("forgotten.lead")}>
    ${
          !isSent &&
          html`<${Form} action=${action} label=${t("forgotten.submit")}>
      <${Field} label=${t("field.email")} name="email" type="email" value=${email} onInput=${setEmail} autocomplete="username" dir="ltr" />
    <//>`
        }
    <p class="welcome-other"><a href="#/login">${t("forgotten.back")}</a></p>
  <//>`;
}
