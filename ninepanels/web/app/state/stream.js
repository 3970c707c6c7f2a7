// @ts-check
// Reads the stream of changes. `EventSource` cannot send a token.

import { Unreachable, open } from "../api.js";
import { withToken } from "./session.js";

/** The service sends something every 15 s. */
const SILENCE_MS = 45_000;

/**
 * Reads the stream until it ends. Besides its events, there is "retry": after how many ms to open another one.
 *
 * @param {object} options
 * @param {AbortSignal} options.signal - Ends it.
 * @param {(type: string, data: any) => void} options.onEvent
 * @throws {import("../api.js").ApiError | import("../api.js").Unreachable}
 */
export async function readStream({ signal, onEvent }) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const either = AbortSignal.any([signal, silence.signal]);
  try {
    const response = await withToken((token) => open("GET", "changes/stream", { token, signal: either }));
    if (!response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      const blocks = (text + part.value).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/, 2)));
        if (fields.retry) onEvent("retry", Number(fields.retry));
        if (fields.event) onEvent(fields.event, JSON.parse(fields.data));
      }
    }
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) {
      throw new Unreachable("The stream ended early.", { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
