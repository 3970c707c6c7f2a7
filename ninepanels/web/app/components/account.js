// @ts-check
import { html, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import {
  changeEmail,
  changePassword,
  deleteAccount,
  keepLogin,
  logOut,
  logOutEverywhere,
  unsentAtLogOut,
  unverifiedEmail,
} from "../state/session.js";
import { ConfirmDialog } from "./dialog.js";
import { Field } from "./field.js";
import { Form } from "./form.js";
import { show } from "./notice.js";
import { OtherSessions } from "./sessions.js";

/** @typedef {import("../types.js").User} User */

/** The e-mail and the password. Both ask for the current password. @param {{user: User}} props */
export function AccountCard({ user }) {
  const [email, setEmail] = useState(user.email);
  const [emailPassword, setEmailPassword] = useState("");
  const [password, setPassword] = useState("");
  const [newPassword, setNewPassword] = useState("");

  async function saveEmail() {
    await changeEmail(email, emailPassword);
    setEmailPassword("");
    show(unverifiedEmail.value ? t("settings.verificationSent", { email }) : t("settings.saved"));
  }

  async function savePassword() {
    await changePassword(password, newPassword);
    setPassword("");
    setNewPassword("");
    show(t("settings.passwordSaved"));
  }

  const unverified = unverifiedEmail.value;
  const current = { label: t("field.currentPassword"), type: "password", autocomplete: "current-password", dir: "ltr" };
  return html`<section class="card">
    <h2>${t("settings.account")}</h2>
    <div class="rows">
      <details class="fold">
        <summary><span>${t("field.email")}<small class="muted" dir="ltr">${user.email}</small></span></summary>
        ${unverified && html`<p class="muted small">${t("settings.verificationAwaited", { email: unverified })}</p>`}
        <${Form} action=${saveEmail} label=${t("settings.changeEmail")}>
          <${Field} label=${t("field.newEmail")} name="email" type="email" value=${email} onInput=${setEmail} autocomplete="email" dir="ltr" />
          <${Field} ...${current} name="email-password" value=${emailPassword} onInput=${setEmailPassword} />
        <//>
      </details>
      <details class="fold">
        <summary><span>${t("field.password")}<small class="muted">${t("settings.passwordHint")}</small></span></summary>
        <${Form} action=${savePassword} label=${t("settings.changePassword")}>
          <input type="text" name="username" autocomplete="username" value=${user.email} hidden />
          <${Field} ...${current} name="current-password" value=${password} onInput=${setPassword} />
          <${Field} label=${t("field.newPassword")} name="new-password" type="password" value=${newPassword} onInput=${setNewPassword}
            autocomplete="new-password" minLength=${8} maxLength=${128} hint=${t("password.hint")} dir="ltr" />
        <//>
      </details>
    </div>
  </section>`;
}

/** The devices on which the user is logged in, and logging out, here and everywhere. @param {{user: User}} props */
export function DevicesCard({ user }) {
  const [asked, setAsked] = useState("");
  const close = () => setAsked("");
  // With taps that are not sent yet, logging out has to be confirmed. Without a user, the app shows the login.
  const lost = unsentAtLogOut.value;
  const leave = asked === "everywhere" ? logOutEverywhere : logOut;

  async function leaveEverywhere() {
    await logOutEverywhere();
    // The dialog closes before the next one asks.
    if (unsentAtLogOut.value === null) close();
  }

  return html`<section class="card">
    <h2>${t("settings.devices")}</h2>
    <div class="rows">
      <div class="row"><p><b>${t("sessions.this")}</b> ${t("settings.logOutLead")}</p>
        <button type="button" class="button" onClick=${() => (setAsked("here"), logOut())}>${t("settings.logOut")}</button></div>
      <${OtherSessions} user=${user} />
      <div class="row"><p>${t("settings.everywhereLead")}</p>
        <button type="button" class="button" onClick=${() => setAsked("everywhere")}>${t("settings.everywhere")}</button></div>
    </div>
    ${
          asked === "everywhere" &&
          lost === null &&
          html`<${ConfirmDialog} key="everywhere" title=${t("settings.everywhereTitle")} label=${t("settings.everywhere")}
      action=${leaveEverywhere} onClose=${close}><p>${t("settings.everywhereText")}</p><//>`
        }
    ${
          lost !== null &&
          html`<${ConfirmDialog} key="lost" title=${t("settings.logOutTitle")} label=${t("settings.logOut")}
      action=${() => leave({ discard: true })} onClose=${keepLogin}><p>${t("settings.logOutKept", { count: lost })}</p><//>`
        }
  </section>`;
}

/** Deleting the account, after typing its e-mail. @param {{user: User}} props */
export function DeletionCard({ user }) {
  const [isAsked, setAsked] = useState(false);
  const [typed, setTyped] = useState("");
  const [password, setPassword] = useState("");

  async function action() {
    await deleteAccount(password);
    show(t("delete.accountDone"));
  }

  return html`<section class="card card-quiet">
    <h2>${t("delete.title")}</h2>
    <div class="rows"><div class="row"><p>${t("delete.lead")}</p>
      <button type="button" class="button button-risky" onClick=${() => setAsked(true)}>${t("delete.start")}</button></div></div>
    ${
          isAsked &&
          html`<${ConfirmDialog} title=${t("delete.dialogTitle")} label=${t("delete.confirm")} action=${action} onClose=${() => setAsked(false)}
      isDisabled=${password === "" || typed.trim().toLowerCase() !== user.email.toLowerCase()}>
      <ul class="plain-list"><li>${t("delete.what1")}</li><li>${t("delete.others")}</li><li>${t("delete.what2")}</li><li>${t("delete.what3")}</li></ul>
      <${Field} label=${t("delete.type", { email: user.email })} name="confirm" value=${typed} onInput=${setTyped} dir="ltr" />
      <${Field} label=${t("field.currentPassword")} name="deletion-password" type="password" value=${password} onInput=${setPassword}
        autocomplete="current-password" dir="ltr" />
    <//>`
        }
  </section>`;
}
