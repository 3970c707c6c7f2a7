// @ts-check
import { html, useState } from "../vendor/preact.js";
import { Field } from "../components/field.js";
import { Form } from "../components/form.js";
import { show } from "../components/notice.js";
import { Welcome } from "../components/welcome.js";
import { t } from "../i18n/index.js";
import { go } from "../router.js";
import { isCodeWanted, resetPassword } from "../state/session.js";

/** @param {{query: URLSearchParams}} props the link of the mail has the e-mail and the token */
export function ResetScreen({ query }) {
  const [password, setPassword] = useState("");
  const [email, token] = [query.get("email"), query.get("token")];
  const another = html`<p class="welcome-other"><a href="#/forgotten">${t("reset.another")}</a></p>`;
  if (!email || !token) return html`<${Welcome} title=${t("reset.title")} lead=${t("error.invalidLink")}>${another}<//>`;

  const action = async () => {
    try {
      await resetPassword(email, token, password);
    } catch (error) {
      // The password is set, and the login asks for the code.
      if (!isCodeWanted(error)) throw error;
    }
    go("/", { isReplaced: true });
    show(t("reset.done"));
  };

  return html`<${Welcome} title=${t("reset.title")} lead=${t("reset.lead", { email })}>
    <${Form} action=${action} label=${t("reset.submit")}>
      <input type="hidden" name="email" autocomplete="username" value=${email} />
      <${Field} label=${t("field.newPassword")} name="new-password" type="password" value=${password} onInput=${setPassword}
        autocomplete="new-password" minLength=${8} maxLength=${128} hint=${t("password.hint")} dir="ltr" />
    <//>
    ${another}
  <//>`;
}
