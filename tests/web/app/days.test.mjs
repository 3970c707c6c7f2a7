// Runs of done days, which end today or yesterday.

import assert from "node:assert/strict";
import { test } from "node:test";

import { runs } from "../../../ninepanels/web/app/days.js";

for (const [done, current, longest] of [
  [[], 0, 0],
  [["2026-03-01"], 1, 1],
  [["2026-02-28", "2026-02-27"], 2, 2],
  [["2026-02-27"], 0, 1],
  [["2026-03-01", "2026-02-26", "2026-02-25", "2026-02-28"], 2, 2],
  [["2026-03-01", "2026-02-20", "2026-02-19", "2026-02-18"], 1, 3],
]) {
  test(`on 2026-03-01, ${done.join(" and ") || "no day"} make a run of ${current}, at most ${longest}`, () => {
    assert.deepEqual(runs(done, "2026-03-01"), { current, longest });
  });
}
