// Measures screens of the app. Arguments: the path of the browser, the address of the app, "phone" or "desktop", the
// e-mail and the password of a user, and the paths of the screens, those without a login first.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import lighthouse, { desktopConfig } from "lighthouse";
import puppeteer from "puppeteer-core";

const [executablePath, address, form, email, password, ...paths] = process.argv.slice(2);
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const FIGURES = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"];
// With a login, the stream of changes stays open, and the page is never without requests.
const LOAD_MS = 10_000;
const OPEN = /^\/(login|signup|forgotten|reset)\b/;

const folder = await mkdtemp(join(tmpdir(), "ninepanels-lighthouse-"));
const browser = await puppeteer.launch({ executablePath, userDataDir: folder, args: ["--no-sandbox"] });
const page = await browser.newPage();
try {
  let isLoggedIn = false;
  for (const path of paths) {
    if (!isLoggedIn && !OPEN.test(path)) {
      await logIn();
      isLoggedIn = true;
    }
    await page.goto("about:blank");
    console.log(report(path, await measure(path)));
  }
} finally {
  await browser.close();
  await rm(folder, { recursive: true });
}

async function logIn() {
  await page.goto(`${address}#/login`);
  await page.waitForSelector("input[type=email]");
  await page.type("input[type=email]", email);
  await page.type("input[type=password]", password);
  await page.click("form .button-main");
  await page.waitForSelector(".tile");
}

async function measure(path) {
  const flags = { onlyCategories: CATEGORIES, disableStorageReset: true, maxWaitForLoad: LOAD_MS, logLevel: "silent" };
  const config = form === "desktop" ? desktopConfig : undefined;
  const result = await lighthouse(`${address}#${path}`, flags, config, page);
  return result.lhr;
}

function report(path, { categories, audits, runtimeError }) {
  if (runtimeError) throw new Error(runtimeError.message);
  const scores = CATEGORIES.map((name) => Math.round(100 * categories[name].score));
  const figures = FIGURES.map((name) => audits[name].displayValue.replaceAll("\u00a0", " "));
  const failed = Object.values(audits).filter((audit) => audit.score !== null && audit.score < 0.9);
  const notes = failed.filter(({ scoreDisplayMode }) => scoreDisplayMode === "binary").map(({ id }) => id);
  return [path.replace(/\?.*/, ""), form, ...scores, ...figures, notes.join(" ")].join("\t");
}
