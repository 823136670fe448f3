import assert from "node:assert/strict";
import { test } from "node:test";

import { pauseBefore } from "../../dist/feed/pause.js";

test("pauses grow, are drawn, and have an end", () => {
  assert.equal(pauseBefore(0, 1), 0);
  assert.deepEqual([1, 2, 3].map((failures) => pauseBefore(failures, 1)), [100, 200, 400]);
  assert.equal(pauseBefore(1, 0), 50);
  for (const failures of [7, 50, 5000]) assert.equal(pauseBefore(failures, 1), 5000);
});
