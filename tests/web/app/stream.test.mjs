// How the stream of changes is read, whatever the pieces in which it arrives.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { baseURI: "http://service/app/" };
globalThis.navigator ??= {};
delete globalThis.BroadcastChannel; // It would keep this process running.

const APP = "../../../ninepanels/web/app";
const device = await import(`${APP}/state/device.js`);
const { readStream } = await import(`${APP}/state/stream.js`);
await device.logIn({ id: 1, timezone: "Europe/Berlin", day_starts_at: 0 }, "token of 1");

const TEXT = `retry: 3184

event: day
data: {"day":"2026-11-23"}

: ping

id: 17
event: revision
data: {"revision":17}

`;

async function read(parts, isCut = false) {
  globalThis.fetch = async () => {
    const body = new ReadableStream({
      start(controller) {
        for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
        isCut ? controller.error(new TypeError("network error")) : controller.close();
      },
    });
    return new Response(body);
  };
  const events = [];
  await readStream({ signal: new AbortController().signal, onEvent: (...event) => events.push(event) });
  return events;
}

test("events are read in one piece and by single characters", async () => {
  for (const parts of [[TEXT], [...TEXT]]) {
    const events = await read(parts);
    assert.deepEqual(events, [["retry", 3184], ["day", { day: "2026-11-23" }], ["revision", { revision: 17 }]]);
  }
});

test("a connection that is lost is an error of the connection", async () => {
  await assert.rejects(read([TEXT], true), { message: "The stream ended early." });
});
