// @ts-check
import { html, useState } from "../vendor/preact.js";
import { Field } from "../components/field.js";
import { Form } from "../components/form.js";
import { show } from "../components/notice.js";
import { Welcome } from "../components/welcome.js";
import { t } from "../i18n/index.js";
import { go } from "../router.js";
import { signUp, user } from "../state/session.js";

export function SignUpScreen() {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
  const zoneText = (zone = timezone) => t("signup.zone", { zone: zone.replaceAll("_", " ") });

  async function action() {
    await signUp({ name, email, password, timezone });
    go("/", { isReplaced: true });
    if (user.value && user.value.timezone !== timezone) show(zoneText(user.value.timezone));
  }

  return html`<${Welcome} title=${t("signup.title")} lead=${t("signup.lead")}>
    <${Form} action=${action} label=${t("signup.submit")}>
      <${Field} label=${t("field.name")} name="name" value=${name} onInput=${setName} autocomplete="name" maxLength=${65} />
      <${Field} label=${t("field.email")} name="email" type="email" value=${email} onInput=${setEmail} autocomplete="username" dir="ltr" />
      <${Field} label=${t("field.password")} name="password" type="password" value=${password} onInput=${setPassword}
        autocomplete="new-password" minLength=${8} maxLength=${128} hint=${t("password.hint")} dir="ltr" />
      <p class="muted small">${zoneText()}</p>
    <//>
    <p class="welcome-other">${t("signup.haveAccount")} <a href="#/login">${t("login.title")}</a></p>
  <//>`;
}
