import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";

import { holdPort } from "./support/port.js";

test("a port that is held is nobody else's, though nobody listens there", async () => {
  const ports = await Promise.all([holdPort(), holdPort(), holdPort()]);
  assert.equal(new Set(ports.map(({ number }) => number)).size, 3);
  for (const { number } of ports) {
    const server = createServer().listen(number, "127.0.0.1");
    await once(server, "listening");
    server.close();
    await once(server, "close");
  }
  for (const port of ports) port.release();
});
