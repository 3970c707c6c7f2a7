// @ts-check
import { html, useState } from "../vendor/preact.js";
import { Form } from "../components/form.js";
import { say } from "../components/notice.js";
import { Welcome } from "../components/welcome.js";
import { t } from "../i18n/index.js";
import { verifyEmail } from "../state/session.js";

/**
 * Confirms an e-mail. With a button, because programs that check mails open their links.
 * @param {{query: URLSearchParams}} props the link of the mail has the token
 */
export function VerifyScreen({ query }) {
  const [isDone, setDone] = useState(false);
  const token = query.get("token");

  async function action() {
    await verifyEmail(token ?? "");
    setDone(true);
    say(t("verify.done"));
  }

  const lead = isDone ? t("verify.done") : token ? t("verify.lead") : t("error.invalidVerification");
  return html`<${Welcome} title=${t("verify.title")} lead=${lead}>
    ${token && !isDone && html`<${Form} action=${action} label=${t("verify.submit")} />`}
    <p class="welcome-other"><a href="#/">${t("verify.open")}</a></p>
  <//>`;
}
