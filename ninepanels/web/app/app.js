// @ts-check
import { html, useEffect, useLayoutEffect } from "./vendor/preact.js";
import { Navigation } from "./components/navigation.js";
import { Notices, show } from "./components/notice.js";
import { language, t } from "./i18n/index.js";
import { enterScreen, go, nameScreen, route } from "./router.js";
import { findScreen } from "./screens.js";
import { isLoaded } from "./state/panels.js";
import { isLoggedIn, needsLogin } from "./state/session.js";

/** Where a path leads instead: to the login without a session, from there back with one, or nowhere else. */
function detour(/** @type {ReturnType<typeof findScreen>} */ found) {
  if (!found) return "/";
  if (!found.isOpen && !isLoggedIn.value) return "/login";
  if (found.isEntrance && isLoggedIn.value && !needsLogin.value) return route.value.query.get("next") ?? "/";
  return undefined;
}

export function App() {
  const { path, query } = route.value;
  const found = findScreen(path);
  const instead = detour(found);
  const Screen = found?.screen.value;
  // Until the panels are known, there is nothing to show on the screens of a user.
  const isWaiting = !Screen || (!found.isOpen && !isLoaded.value);
  // Another link of a mail is another screen.
  const address = `${path}?${query}`;
  // At once, so that it never replaces a path that the user has opened in the meantime.
  useLayoutEffect(() => {
    if (instead) go(instead, { isReplaced: true });
  }, [address, instead]);
  useEffect(() => {
    if (!instead && !Screen) found?.load().catch(() => show(t("error.unreachable")));
  }, [address, instead]);
  useEffect(enterScreen, [address, isWaiting]);
  useEffect(nameScreen, [address, isWaiting, language.value]);
  if (!found || instead) return null;
  return html`<div class="shell">
    ${!found.isOpen && html`<${Navigation} path=${path} />`}
    <main key=${address}>${!isWaiting && html`<${Screen} id=${found.id} query=${query} />`}</main>
    <${Notices} />
  </div>`;
}
