// How a user signs up: the modules of the app with a service that is a function, and without a browser.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.document = { baseURI: "http://service/app/" };
globalThis.navigator ??= {};
delete globalThis.BroadcastChannel; // It would keep this process running.

const { isCodeWanted, logIn, signUp, user } = await import("../../../ninepanels/web/app/state/session.js");

const ADA = { name: "Ada", email: "ada@example.com", password: "correct horse", timezone: "Europe/Berlin" };

/** The accounts of the service, by e-mail. */
let accounts;
/** Whether it verifies e-mails, and does not say that one is taken. */
let isVerifying;
/** What accounts with a second factor want. */
let code;
/** Called before each request. */
let onRequest;

beforeEach(() => {
  accounts = new Map();
  isVerifying = false;
  code = "";
  onRequest = () => {};
});

globalThis.fetch = async (url, { method, body }) => {
  const path = url.pathname.slice(1);
  onRequest(path);
  if (method === "GET") return respond(200, { id: 1, created_at: "2026-01-01T00:00:00Z", ...[...accounts.values()][0] });
  if (path === "token") {
    const isRight = accounts.get(body.get("username"))?.password === body.get("password");
    if (isRight && code && body.get("totp_code") !== code) return respond(401, { code: "second_factor_required" });
    return isRight ? respond(200, { access_token: "token" }) : respond(401, { code: "wrong_login" });
  }
  const account = { timezone: "UTC", ...JSON.parse(body) };
  if (account.timezone === "Mars/Olympus") {
    return respond(422, { code: "invalid_request", detail: [{ loc: ["body", "timezone"], msg: "Unknown.", type: "value_error" }] });
  }
  if (accounts.has(account.email)) return isVerifying ? respond(200, {}) : respond(409, { code: "email_taken" });
  accounts.set(account.email, account);
  return respond(201, {});
};

const respond = (status, data) => new Response(JSON.stringify({ data, error_message: data.code }), { status });

test("a sign-up that could not log in goes on with the next attempt", async () => {
  onRequest = (path) => {
    if (path === "token") throw new TypeError("Failed to fetch");
  };
  await assert.rejects(signUp(ADA), /cannot be reached/);
  onRequest = () => {};
  await signUp(ADA);
  assert.equal(user.value.email, ADA.email);
});

test("the e-mail of another user is taken", async () => {
  await signUp(ADA);
  for (isVerifying of [false, true]) {
    await assert.rejects(signUp({ ...ADA, password: "another one" }), { code: "email_taken" });
  }
});

test("in a time zone that the service does not know, the days follow UTC", async () => {
  await signUp({ ...ADA, timezone: "Mars/Olympus" });
  assert.equal(user.value.timezone, "UTC");
});

test("an account with a second factor wants a code, and its e-mail is taken", async () => {
  await signUp(ADA);
  code = "123456";
  await assert.rejects(logIn(ADA.email, ADA.password), isCodeWanted);
  await assert.rejects(signUp(ADA), { code: "email_taken" });
  await logIn(ADA.email, ADA.password, code);
});
