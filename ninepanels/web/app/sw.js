// @ts-check
// The service worker: keeps the files of the app, so that it opens without a connection. It never answers requests to
// the API, and keeps nothing of them.
//
// Each version of the app has a cache of its own. A page that is open goes on with the files of its version; the next
// load gets the new version.

const VERSION = "{{ version }}";
const FILES = "{{ files }}".split(" ");
const PAGE = "./";
/** The addresses of files of any version, below that of the app. */
const VERSIONED = /^[0-9a-f]{12}\//;

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const app = new URL(PAGE, worker.location.href).href;
const cacheName = `nine-panels ${VERSION}`;

worker.addEventListener("install", (event) => {
  // Where browsers can, they send requests to the API without asking this file, and also after their page is closed.
  const route = { condition: { not: { urlPattern: `${app}*` } }, source: "network" };
  /** @type {any} */ (event).addRoutes?.(route).catch(console.error);
  event.waitUntil(install());
});

worker.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET" || !url.startsWith(app)) return;
  const path = url.slice(app.length);
  // Not for `password_reset`, the address in mails: the service redirects it.
  if (mode === "navigate" && /^(?:[?#]|$)/.test(path)) event.respondWith(openPage(event.request));
  else if (VERSIONED.test(path)) event.respondWith(readFile(event.request));
  // Not yet when the page is loaded: then, the page that it replaces is still open.
  if (path === `${VERSION}/main.js`) event.waitUntil(removeOldVersions(event.clientId));
});

async function install() {
  const cache = await caches.open(cacheName);
  const page = await fetch(PAGE, { cache: "no-cache" });
  // While a new version is deployed, the page can be of another one than this file. Then the browser tries again later.
  if (!(await page.clone().text()).includes(VERSION)) throw new Error("The page is of another version.");
  await cache.put(PAGE, page);
  await cache.addAll(FILES.map((file) => `${VERSION}/${file}`));
  await worker.skipWaiting();
}

/** @param {Request} request */
async function openPage(request) {
  const cache = await caches.open(cacheName);
  return (await cache.match(PAGE)) ?? fetch(request);
}

/** @param {Request} request */
async function readFile(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

/**
 * Removes the caches of other versions, unless another page is open that may need one.
 *
 * @param {string} pageId - A page of this version.
 */
async function removeOldVersions(pageId) {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (pages.some((page) => page.id !== pageId)) return;
  const others = (await caches.keys()).filter((name) => name.startsWith("nine-panels ") && name !== cacheName);
  await Promise.all(others.map((name) => caches.delete(name)));
}
