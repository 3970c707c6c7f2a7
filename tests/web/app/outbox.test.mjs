// How taps are sent: the modules of the app with a service that is a function, and without a browser.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.document = { baseURI: "http://service/app/" };
globalThis.navigator ??= {};
delete globalThis.BroadcastChannel; // It would keep this process running.

const APP = "../../../ninepanels/web/app";
const device = await import(`${APP}/state/device.js`);
const records = await import(`${APP}/state/records.js`);
const outbox = await import(`${APP}/state/outbox.js`);
const { dayOf, plusDays, startOf } = await import(`${APP}/days.js`);

const ADA = { id: 1, timezone: "Europe/Berlin", day_starts_at: 0, created_at: "2026-01-01T00:00:00Z" };
const BOB = { ...ADA, id: 2 };
const READ = { id: 7, title: "Read" };
const TODAY = dayOf(ADA, Date.now());

/** The requests that were sent: method, path, body. */
let requests = [];
/** Answers a request with a status and `data`; by default, it accepts every tap. */
let answer;

globalThis.fetch = async (url, { method, body, headers }) => {
  const request = { method, path: url.pathname, body: JSON.parse(body), token: headers.Authorization };
  requests.push(request);
  const { status = 200, data, ...others } = answer(request) ?? accepted(request);
  const envelope = { data, error_message: data.detail };
  return new Response(JSON.stringify(envelope), { status, headers: others });
};

function accepted({ method, path, body }) {
  if (method === "POST") return { data: body.map((tap) => ({ applied: true, entry: entryOf(tap) })) };
  const [, , panelId, , day] = path.split("/");
  return { data: entryOf({ ...body, panel_id: Number(panelId), day }) };
}

const entryOf = ({ panel_id, day, is_complete, tapped_at }) => ({ panel_id, day, is_complete, timestamp: tapped_at });

function refusal(status, code, detail = code) {
  return { status, data: { code, detail } };
}

/** Taps of the last days, the latest day last, each at another instant. */
async function tapDays(count, user = ADA) {
  const taps = Array.from({ length: count }, (_, index) => ({
    panel_id: READ.id,
    day: plusDays(TODAY, index + 1 - count),
    is_complete: true,
    tapped_at: new Date(Date.now() - 1_000 * (count - index)).toISOString(),
  }));
  for (const tap of taps) await records.addTap(user.id, tap);
  return taps;
}

const waitingDays = () => [...device.waiting.value.values()].map((tap) => tap.day).sort();
const doneDays = () => [...(device.known.value.done.get(READ.id) ?? [])].sort();
const sentBodies = () => requests.map((request) => request.body);

beforeEach(async () => {
  for (const user of [BOB, ADA]) {
    await device.logIn(user, `token of ${user.id}`);
    await device.forget(user.id);
  }
  await device.logIn(ADA, "token of 1");
  await records.putChanges(ADA.id, -1, { panels: [READ], entries: [], revision: 3 });
  outbox.dismissRefusals();
  requests = [];
  answer = () => undefined;
});

test("one tap is one PUT, several are one POST", async () => {
  const [tap] = await tapDays(1);
  await outbox.sendTaps();
  assert.deepEqual(requests[0].path, `/panels/${READ.id}/entries/${tap.day}`);
  const taps = await tapDays(3);
  await outbox.sendTaps();
  assert.deepEqual(sentBodies(), [{ is_complete: true, tapped_at: tap.tapped_at }, taps]);
  assert.deepEqual([waitingDays(), doneDays()], [[], taps.map(({ day }) => day)]);
});

test("a tap is kept until the response arrives, and is sent again as it was", async () => {
  await tapDays(2);
  answer = () => {
    throw new TypeError("network error");
  };
  await assert.rejects(outbox.sendTaps(), { name: "Error", message: "The service cannot be reached." });
  assert.equal(waitingDays().length, 2);
  answer = () => undefined;
  await outbox.sendTaps();
  assert.deepEqual(requests[0].body, requests[1].body);
  assert.deepEqual(waitingDays(), []);
});

test("a tap that is changed while it is sent is sent again", async () => {
  const [tap] = await tapDays(1);
  const changed = { ...tap, is_complete: false, tapped_at: new Date().toISOString() };
  let change;
  answer = () => {
    change ??= records.addTap(ADA.id, changed);
    return undefined;
  };
  await outbox.sendTaps();
  await change;
  assert.deepEqual(sentBodies().map((body) => body.is_complete), [true, false]);
  assert.deepEqual([waitingDays(), doneDays()], [[], []]);
});

test("an invalid tap is taken back, and the others are sent", async () => {
  const taps = await tapDays(3);
  const detail = [{ loc: ["body", 1, "day"], msg: "wrong" }];
  answer = ({ body }) => (body.length === 3 ? refusal(422, "invalid_request", detail) : undefined);
  await outbox.sendTaps();
  assert.deepEqual(sentBodies()[1], [taps[0], taps[2]]);
  assert.deepEqual(doneDays(), [taps[0].day, taps[2].day]);
  assert.deepEqual(outbox.refusals.value.map(({ tap, title, reason }) => [tap, title, reason]), [
    [taps[1], "Read", "invalid"],
  ]);
});

test("a body that is too large is sent in parts", async () => {
  const taps = await tapDays(5);
  answer = ({ body }) => (body.length > 2 ? refusal(413, "body_too_large") : undefined);
  await outbox.sendTaps();
  assert.deepEqual(doneDays(), taps.map(({ day }) => day));
});

test("a tap that makes the service fail does not keep the others from being sent", async () => {
  const taps = await tapDays(6);
  const bad = taps[0].day;
  const isBad = (body, path) => (Array.isArray(body) ? body.some((tap) => tap.day === bad) : path.endsWith(bad));
  answer = ({ body, path }) => (isBad(body, path) ? refusal(500, "internal_error") : undefined);
  await assert.rejects(outbox.sendTaps(), outbox.Postponed);
  assert.deepEqual(waitingDays(), [bad]);
  assert.equal(doneDays().length, taps.length - 1);
  assert.deepEqual(outbox.refusals.value, []);
});

test("a service that only fails is not asked for each tap", async () => {
  await tapDays(300);
  answer = () => refusal(500, "internal_error");
  await assert.rejects(outbox.sendTaps(), outbox.Postponed);
  assert.equal(waitingDays().length, 300);
  assert.ok(requests.length < 40, requests.length);
});

test("after a 429, all taps are kept for the time of Retry-After", async () => {
  await tapDays(2);
  answer = () => ({ ...refusal(429, "rate_limited"), "Retry-After": "7" });
  await assert.rejects(outbox.sendTaps(), { status: 429, retryAfter: 7 });
  assert.equal(requests.length, 1);
  assert.equal(waitingDays().length, 2);
});

test("after a 401, the taps are kept for the next login of the user", async () => {
  const [tap] = await tapDays(1);
  answer = () => refusal(401, "login_expired");
  await assert.rejects(outbox.sendTaps(), { status: 401 });
  assert.deepEqual([device.user.value.id, device.token.value, waitingDays()], [ADA.id, null, [TODAY]]);
  requests = [];
  answer = () => undefined;
  await device.logIn(BOB, "token of 2");
  assert.deepEqual(waitingDays(), []);
  await outbox.sendTaps();
  assert.deepEqual(requests, []);
  await device.logIn(ADA, "another token");
  await outbox.sendTaps();
  assert.deepEqual(requests.map(({ token, body }) => [token, body.tapped_at]), [["Bearer another token", tap.tapped_at]]);
});

test("taps are not sent with the token of a user who logs in meanwhile", async () => {
  await tapDays(2);
  let login;
  answer = () => {
    login ??= device.logIn(BOB, "token of 2");
    return refusal(413, "body_too_large");
  };
  const { fetch } = globalThis;
  globalThis.fetch = async (...request) => {
    const response = await fetch(...request);
    await login;
    return response;
  };
  await assert.rejects(outbox.sendTaps(), { status: 401 });
  globalThis.fetch = fetch;
  assert.deepEqual(requests.map(({ token }) => token), ["Bearer token of 1"]);
});

test("taps are not sent for another account that has got the same id", async () => {
  await tapDays(1);
  await device.logIn(BOB, "token of 2");
  await device.logIn({ ...ADA, created_at: "2026-11-28T00:00:00Z" }, "another token");
  await outbox.sendTaps();
  assert.deepEqual(requests, []);
});

test("a late 401 of an earlier token does not end a newer login", async () => {
  await device.expire(ADA.id, "an earlier token");
  assert.equal(device.token.value, "token of 1");
});

test("a tap on a panel that was deleted is taken back", async () => {
  await tapDays(1);
  answer = () => refusal(404, "not_found");
  assert.equal(await outbox.sendTaps(), true);
  assert.deepEqual([waitingDays(), outbox.refusals.value[0].reason], [[], "deleted"]);
});

test("the later tap of another device stands", async () => {
  const [tap] = await tapDays(1);
  answer = () => ({ data: { ...entryOf({ ...tap, is_complete: false }) } });
  await outbox.sendTaps();
  assert.deepEqual([waitingDays(), doneDays(), outbox.refusals.value[0].reason], [[], [], "superseded"]);
});

test("a day that has not started for the service is refused, unless it starts within two minutes", async () => {
  answer = () => refusal(400, "day_in_the_future");
  await tapDays(1);
  await at(startOf(TODAY, ADA) + 60_000, () => assert.rejects(outbox.sendTaps(), outbox.Postponed));
  assert.deepEqual([waitingDays(), outbox.refusals.value], [[TODAY], []]);
  await at(startOf(TODAY, ADA) + 180_000, outbox.sendTaps);
  assert.deepEqual([waitingDays(), outbox.refusals.value[0].reason], [[], "future"]);
});

async function at(instant, work) {
  const { now } = Date;
  Date.now = () => instant;
  try {
    await work();
  } finally {
    Date.now = now;
  }
}
