// What readers copy from the README runs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Server } from "./support/server.js";

const README = fileURLToPath(new URL("../README.md", import.meta.url));
const SCRIPT = fileURLToPath(new URL("./quick_start.mjs", import.meta.url));

test("the quick start of the README knows who is there, and forgets them", async () => {
  const text = readFileSync(README, "utf8");
  const code = /```js\n([^]*?)```/.exec(text)?.[1];
  const words = /cloakroom client add (.*)\n/.exec(text)?.[1]?.split(" ");
  assert.ok(code !== undefined && words !== undefined, "the README holds no quick start");
  writeFileSync(SCRIPT, code);

  const server = await Server.start();
  await server.addUser("ada@example.com");
  const [id = "", ...options] = words;
  const { clientSecret } = await server.addClient(id, ...options);
  const service = spawn(process.execPath, ["--dns-result-order=ipv4first", SCRIPT], {
    env: { ...process.env, ISSUER: server.url, API_SECRET: clientSecret, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(createInterface({ input: service.stdout }), "line")) as [string];
    const url = `http://127.0.0.1:${/\d+$/.exec(line)?.[0]}`;
    const cookie = await server.cookie("ada@example.com");
    const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> => fetch(`${url}${path}`, { headers });

    assert.equal(await (await ask("/hello")).text(), "Hello, stranger");
    assert.match(await (await ask("/hello", { cookie })).text(), /^Hello, [0-9a-f-]{36}$/);
    assert.equal((await ask("/orders")).status, 401);
    assert.equal((await ask("/orders", { cookie })).status, 200);
    await server.ask("POST", "/api/v1/sign-out", { headers: { cookie } });
    for (const until = Date.now() + 30_000; (await ask("/orders", { cookie })).status !== 401; ) {
      assert.ok(Date.now() < until, "a session that ended is still believed");
    }
  } finally {
    service.kill();
    await server.end();
  }
});
