// @ts-check
import { html, useEffect } from "./vendor/preact.js";
import { Navigation } from "./components/navigation.js";
import { Notices } from "./components/notice.js";
import { language } from "./i18n/index.js";
import { enterScreen, go, nameScreen, route } from "./router.js";
import { EditScreen } from "./screens/edit.js";
import { ForgottenScreen } from "./screens/forgotten.js";
import { InsightsScreen } from "./screens/insights.js";
import { LogInScreen } from "./screens/login.js";
import { PanelScreen } from "./screens/panel.js";
import { PanelsScreen } from "./screens/panels.js";
import { ResetScreen } from "./screens/reset.js";
import { SettingsScreen } from "./screens/settings.js";
import { SignUpScreen } from "./screens/signup.js";
import { isLoaded } from "./state/panels.js";
import { isLoggedIn, needsLogin } from "./state/session.js";

/** The screens by the form of their path. The open ones need no login. */
const SCREENS = [
  { form: /^\/signup$/, screen: SignUpScreen, isOpen: true },
  { form: /^\/login$/, screen: LogInScreen, isOpen: true },
  { form: /^\/forgotten$/, screen: ForgottenScreen, isOpen: true },
  { form: /^\/reset$/, screen: ResetScreen, isOpen: true },
  { form: /^\/$/, screen: PanelsScreen },
  { form: /^\/insights$/, screen: InsightsScreen },
  { form: /^\/settings$/, screen: SettingsScreen },
  { form: /^\/panels\/(new)$/, screen: EditScreen },
  { form: /^\/panels\/(\d+)$/, screen: PanelScreen },
  { form: /^\/panels\/(\d+)\/edit$/, screen: EditScreen },
];

/** @param {string} path */
function find(path) {
  for (const { form, screen, isOpen } of SCREENS) {
    const match = form.exec(path);
    if (match) return { screen, isOpen, id: Number(match[1]) };
  }
  return undefined;
}

/** Where a path leads instead: to the login without a session, to the panels with one, or nowhere else. */
function detour(/** @type {ReturnType<typeof find>} */ found) {
  if (!found) return "/";
  if (!found.isOpen && !isLoggedIn.value) return "/login";
  // Another tab has logged in, or the address is an old one.
  const isEntrance = found.screen === LogInScreen || found.screen === SignUpScreen;
  if (isEntrance && isLoggedIn.value && !needsLogin.value) return "/";
  return undefined;
}

export function App() {
  const { path, query } = route.value;
  const found = find(path);
  const instead = detour(found);
  // Until the panels are known, there is nothing to show on the screens of a user.
  const isWaiting = !found?.isOpen && !isLoaded.value;
  useEffect(() => {
    if (instead) go(instead, { isReplaced: true });
  }, [instead]);
  useEffect(enterScreen, [path, isWaiting]);
  useEffect(nameScreen, [path, isWaiting, language.value]);
  if (!found || instead) return null;
  return html`<div class=${found.isOpen ? "shell shell-open" : "shell"}>
    ${!found.isOpen && html`<${Navigation} path=${path} />`}
    <main key=${path}>${!isWaiting && html`<${found.screen} id=${found.id} query=${query} />`}</main>
    <${Notices} />
  </div>`;
}
