// What readers copy from the README runs, in a document that has no more than it uses.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const README = fileURLToPath(new URL("../README.md", import.meta.url));
const SCRIPT = fileURLToPath(new URL("./quick_start.mjs", import.meta.url));

test("the quick start of the README shows who is there, and signs out", async () => {
  const code = /```js\n([^]*?)```/.exec(readFileSync(README, "utf8"))?.[1];
  assert.ok(code !== undefined, "the README holds no quick start");
  writeFileSync(SCRIPT, `${code}\nexport { session };\n`);

  const asked: string[] = [];
  const backend = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader("content-type", "application/json");
    response.end(request.url === "/me" ? '{"user":{"email":"ada@example.com"}}' : request.url === "/sign-out" ? "{}" : '"orders"');
  });
  await new Promise<void>((done) => backend.listen(0, "127.0.0.1", done));
  const href = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/inbox`;

  const went: string[] = [];
  let click: (event: { target: { id: string } }) => Promise<void> = async () => undefined;
  const titles: string[] = [];
  let titled: () => void = () => undefined;
  const document = {
    visibilityState: "visible",
    body: { textContent: "" },
    set title(title: string) {
      titles.push(title);
      titled();
    },
    addEventListener: (kind: string, act: typeof click) => {
      if (kind === "click") click = act;
    },
    removeEventListener: () => undefined,
  };
  Object.assign(globalThis, { document, location: { href, assign: (to: string) => void went.push(to) } });
  const isTitled = new Promise<void>((done) => (titled = done));

  const { session } = (await import(pathToFileURL(SCRIPT).href)) as { session: { close(): void } };
  await isTitled;
  const press = (id: string): Promise<void> => click({ target: { id } });
  await press("orders");
  await press("sign-in");
  await press("sign-out");
  session.close();
  backend.close();
  (backend as typeof backend & { closeAllConnections(): void }).closeAllConnections();

  assert.deepEqual(titles, ["Hello, ada@example.com", "Hello, stranger"]);
  assert.deepEqual(asked, ["GET /me", "GET /orders", "POST /sign-out"]);
  assert.equal(document.body.textContent, '"orders"');
  assert.deepEqual(went.map((to) => new URL(to).search), ["?return_to=%2Finbox"]);
});
