// A guard that follows the feed of the real server, over a wire that a test can cut and hold up: what was taken back is refused,
// and never believed beyond the bound.

import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { after, before, test } from "node:test";

import { createGuard, type Guard, type Settings, type Who } from "../dist/index.js";
import { request } from "./support/request.js";
import { basic, Server, type Client } from "./support/server.js";
import { Wire } from "./support/wire.js";

const AUDIENCE = "https://api.example.test";
/** Long enough that a feed on a busy machine is heard in time. */
const MAX_STALENESS_MS = 10_000;
/** In tests about the bound, which wait for it. */
const BOUND_MS = 1500;
/** A busy machine is slow, not wrong: how long an event is awaited. */
const PATIENCE_MS = 30_000;

/** Where the application runs whose sessions earn tokens for the service. */
const ORIGIN = "https://app.example.test";

let server: Server;
let api: Client;
const open: { close(): unknown }[] = [];

before(async () => {
  server = await Server.start();
  await server.addUser("ada@example.com", "--role=admin");
  api = await server.addClient("api", "--template=service", "--scope=revocations", "--scope=orders", `--audience=${AUDIENCE}`);
  await server.addClient("app", "--template=spa", "--first-party", `--origin=${ORIGIN}`, `--audience=${AUDIENCE}`);
});

after(async () => {
  for (const one of open) await one.close();
  await server.end();
});

interface Story {
  readonly guard: Guard;
  readonly wire: Wire;
  /** What was asked of the issuer beside the feed. */
  readonly asked: string[];
  readonly troubles: string[];
}

/** A guard that follows the feed through a wire of its own, and asks everything else directly. */
async function follow(more: Partial<Settings> = {}): Promise<Story> {
  const wire = await Wire.to(server.port);
  const [asked, troubles]: [string[], string[]] = [[], []];
  const guard = createGuard({
    issuer: server.url,
    audience: AUDIENCE,
    ...api,
    cookie: "sameHost",
    maxStalenessMs: MAX_STALENESS_MS,
    keysPauseMs: 1,
    trouble: (why) => troubles.push(why),
    fetch: (input, init) => {
      const url = new URL(String(input));
      if (url.pathname !== "/api/v1/revocations") {
        asked.push(url.pathname);
        return fetch(url, init);
      }
      // The server answers to its public name alone; a second listener of the same name is what the wire is.
      return fetchThrough(wire, url, init);
    },
    ...more,
  });
  open.push({ close: () => guard.close() }, wire);
  assert.ok(await guard.ready(PATIENCE_MS), `the feed is not heard: ${troubles.join("; ")}`);
  return { guard, wire, asked, troubles };
}

/** `fetch` by another address than the URL's, since no program may choose the `Host` of one. */
async function fetchThrough(wire: Wire, url: URL, init: RequestInit | undefined): Promise<Response> {
  const { request: send } = await import("node:http");
  return new Promise((done, fail) => {
    const headers = { ...(init?.headers as Record<string, string>), host: url.host };
    const signal = init?.signal ?? undefined;
    const sent = send({ host: "127.0.0.1", port: wire.port, path: url.pathname, headers, ...(signal && { signal }) }, (answer) => {
      answer.on("error", () => undefined);
      const told = new Headers(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
      done(new Response(bodyOf(answer), { status: answer.statusCode ?? 0, headers: told }));
    });
    sent.on("error", fail);
    sent.end();
  });
}

/** As `Readable.toWeb` makes it, which in Node.js 18 throws where nobody can catch it when a stream is given up that is just closing. */
function bodyOf(answer: IncomingMessage): ReadableStream<Uint8Array> {
  const pieces = answer[Symbol.asyncIterator]() as AsyncIterableIterator<Uint8Array>;
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void answer.destroy(),
  });
}

const byCookie = (guard: Guard, cookie: string): Promise<Who> => guard.identify(request({ cookie }));
const byToken = (guard: Guard, token: string): Promise<Who> => guard.identify(request({ authorization: `Bearer ${token}` }));

function kindOf(who: Who): string {
  return "refusal" in who ? who.refusal.kind : "somebody";
}

/** Waits until it is so, and tells how many milliseconds that took. */
async function until(so: () => Promise<boolean> | boolean, what: string): Promise<number> {
  const began = performance.now();
  while (!(await so())) {
    assert.ok(performance.now() - began < PATIENCE_MS, `never: ${what}`);
    await new Promise((later) => setTimeout(later, 2));
  }
  return performance.now() - began;
}

async function serviceToken(client: Client = api, scope = "orders"): Promise<string> {
  const answer = await fetch(`${server.url}/oauth/token`, {
    method: "POST",
    headers: { authorization: basic(client) },
    body: new URLSearchParams({ grant_type: "client_credentials", scope, resource: AUDIENCE }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return ((await answer.json()) as { access_token: string }).access_token;
}

interface Session {
  readonly cookie: string;
  /** Earned by the cookie, for the service. */
  readonly token: string;
}

async function session(identifier = "ada@example.com"): Promise<Session> {
  const cookie = await server.cookie(identifier);
  const earn = { body: { audience: AUDIENCE }, headers: { cookie, origin: ORIGIN } };
  const earned = (await (await server.ask("POST", "/api/v1/session/token", earn)).json()) as { access_token: string };
  return { cookie, token: earned.access_token };
}

const signOut = (cookie: string): Promise<Response> => server.ask("POST", "/api/v1/sign-out", { headers: { cookie } });

test("a cookie is asked about once, and refused once its session ended", async (t) => {
  const { guard, asked } = await follow();
  const cookie = await server.cookie("ada@example.com");
  // A node may be a moment behind the feed: then an answer is not remembered.
  await until(async () => {
    asked.length = 0;
    assert.equal(kindOf(await byCookie(guard, cookie)), "somebody");
    return asked.length === 0;
  }, "a cookie is remembered");
  for (let times = 0; times < 20; times += 1) await byCookie(guard, cookie);
  assert.deepEqual(asked, []);
  await signOut(cookie);
  const delay = await until(async () => kindOf(await byCookie(guard, cookie)) === "session_unknown", "the cookie is refused");
  t.diagnostic(`from the acknowledged sign-out to the refusal: ${delay.toFixed(1)} ms`);
});

test("a token is refused once its session ended, and nobody was asked", async (t) => {
  const { guard, asked } = await follow();
  const { cookie, token } = await session();
  assert.equal(kindOf(await byToken(guard, token)), "somebody");
  asked.length = 0;
  await signOut(cookie);
  const delay = await until(async () => kindOf(await byToken(guard, token)) === "token_revoked", "the token is refused");
  assert.deepEqual(asked, []);
  t.diagnostic(`from the acknowledged sign-out to the refusal: ${delay.toFixed(1)} ms`);
});

test("what ended before a guard began is refused by the snapshot", async () => {
  const { cookie, token } = await session();
  await signOut(cookie);
  const { guard, asked } = await follow();
  asked.length = 0;
  assert.equal(kindOf(await byToken(guard, token)), "token_revoked");
  assert.ok(!asked.includes("/oauth/introspect"));
});

test("a client that is removed takes its tokens along", async () => {
  const robot = await server.addClient("robot", "--template=service", "--scope=orders", `--audience=${AUDIENCE}`);
  const { guard } = await follow();
  const token = await serviceToken(robot);
  assert.equal(kindOf(await byToken(guard, token)), "somebody");
  await server.command(["client", "remove", "robot", "--yes"]);
  await until(async () => kindOf(await byToken(guard, token)) === "token_revoked", "the removed client's token is refused");
});

test("a role that is taken away is gone from cookies and tokens", async () => {
  await server.addUser("grace@example.com", "--role=clerk");
  const { guard, asked } = await follow();
  const { cookie, token } = await session("grace@example.com");
  const roles = (who: Who): string => ("identity" in who ? who.identity.roles.join(" ") : who.refusal.kind);
  assert.deepEqual([roles(await byCookie(guard, cookie)), roles(await byToken(guard, token))], ["clerk", "clerk"]);
  await server.command(["user", "roles", "grace@example.com", "--remove", "clerk"]);
  await until(async () => roles(await byCookie(guard, cookie)) === "", "the cookie lacks the role");
  await until(async () => roles(await byToken(guard, token)) === "", "the token lacks the role");
  // What was answered is remembered, until there is other news of that user.
  await until(async () => {
    asked.length = 0;
    assert.equal(roles(await byToken(guard, token)), "");
    return asked.length === 0;
  }, "the answer is remembered");
});

test("while the feed is cut nothing is believed beyond the bound, and the issuer is asked", async () => {
  const { guard, wire, asked } = await follow({ maxStalenessMs: BOUND_MS });
  const [gone, there] = [await session(), await session()];
  for (const { cookie, token } of [gone, there]) {
    assert.deepEqual([kindOf(await byCookie(guard, cookie)), kindOf(await byToken(guard, token))], ["somebody", "somebody"]);
  }
  wire.cut();
  await signOut(gone.cookie);
  const acknowledged = performance.now();
  const last = { cookie: 0, token: 0 };
  await until(async () => {
    // By when it was asked: what is answered later was believed then.
    const cookieAt = performance.now() - acknowledged;
    const cookie = kindOf(await byCookie(guard, gone.cookie));
    if (cookie === "somebody") last.cookie = cookieAt;
    const tokenAt = performance.now() - acknowledged;
    const token = kindOf(await byToken(guard, gone.token));
    if (token === "somebody") last.token = tokenAt;
    return cookie === "session_unknown" && token === "token_revoked";
  }, "cookie and token are refused");
  assert.ok(Math.max(last.cookie, last.token) <= BOUND_MS, `believed too long: ${JSON.stringify(last)}`);
  assert.ok(guard.vitals.unheardForMs > BOUND_MS);
  // Somebody who is still there is let on, by asking each time.
  asked.length = 0;
  for (let times = 0; times < 3; times += 1) {
    assert.deepEqual([kindOf(await byCookie(guard, there.cookie)), kindOf(await byToken(guard, there.token))], ["somebody", "somebody"]);
  }
  for (const path of ["/api/v1/session", "/oauth/introspect"]) assert.equal(asked.filter((one) => one === path).length, 3);
  wire.mend();
  await until(() => guard.vitals.unheardForMs < BOUND_MS, "the feed is heard again");
  assert.equal(kindOf(await byToken(guard, gone.token)), "token_revoked");
});

test("a guard that is told to refuse does so while the feed is cut", async () => {
  const { guard, wire } = await follow({ whenUnheard: "refuse", maxStalenessMs: BOUND_MS });
  const cookie = await server.cookie("ada@example.com");
  const token = await serviceToken();
  const kinds = async (): Promise<string> => [kindOf(await byCookie(guard, cookie)), kindOf(await byToken(guard, token))].join();
  await until(async () => (await kinds()) === "somebody,somebody", "both are believed");
  wire.cut();
  await until(async () => kindOf(await byCookie(guard, cookie)) === "unavailable", "cookies are refused");
  assert.equal(kindOf(await byToken(guard, token)), "unavailable");
  wire.mend();
  await until(async () => kindOf(await byToken(guard, token)) === "somebody", "tokens are believed again");
});

test("a feed that is held up proves nothing by coming late", async () => {
  const { guard, wire } = await follow({ whenUnheard: "refuse", maxStalenessMs: BOUND_MS });
  const cookie = await server.cookie("ada@example.com");
  await byCookie(guard, cookie);
  wire.hold();
  await signOut(cookie);
  const began = performance.now();
  let last = 0;
  await until(async () => {
    const at = performance.now() - began;
    const kind = kindOf(await byCookie(guard, cookie));
    if (kind === "somebody") last = at;
    return kind === "unavailable";
  }, "the held feed is not believed");
  assert.ok(last <= BOUND_MS, `believed for ${last} ms`);
  wire.letGo();
  await until(async () => kindOf(await byCookie(guard, cookie)) === "session_unknown", "the cookie is refused");
});

test("a stream that broke goes on where it was", async () => {
  const { guard, wire } = await follow();
  const { epoch } = guard.parts.beliefs;
  const { cookie, token } = await session();
  assert.equal(kindOf(await byToken(guard, token)), "somebody");
  const { connections } = wire;
  wire.cut();
  await signOut(cookie);
  wire.mend();
  await until(async () => kindOf(await byToken(guard, token)) === "token_revoked", "the row that came meanwhile is heard");
  assert.ok(wire.connections > connections);
  assert.equal(guard.parts.beliefs.epoch, epoch, "it began with a snapshot");
});

test("a server that is killed and comes back revives nothing", async () => {
  const { guard } = await follow({ maxStalenessMs: BOUND_MS });
  const [gone, there] = [await session(), await session()];
  for (const { cookie, token } of [gone, there]) {
    assert.deepEqual([kindOf(await byCookie(guard, cookie)), kindOf(await byToken(guard, token))], ["somebody", "somebody"]);
  }
  await signOut(gone.cookie);
  await server.kill();
  await until(async () => kindOf(await byCookie(guard, there.cookie)) === "unavailable", "nobody can be asked");
  assert.notEqual(kindOf(await byCookie(guard, gone.cookie)), "somebody");
  await server.begin();
  await until(async () => kindOf(await byCookie(guard, there.cookie)) === "somebody", "who is still signed in is known again");
  assert.equal(kindOf(await byToken(guard, there.token)), "somebody");
  const ended = async (): Promise<string[]> => [kindOf(await byCookie(guard, gone.cookie)), kindOf(await byToken(guard, gone.token))];
  assert.deepEqual(await ended(), ["session_unknown", "token_revoked"]);
  await until(() => guard.vitals.unheardForMs < BOUND_MS, "the feed is heard again");
  assert.deepEqual(await ended(), ["session_unknown", "token_revoked"]);
});

test("a key that is compromised takes its tokens along, and a new one is good at once", async () => {
  const { guard } = await follow();
  const before = await serviceToken();
  assert.equal(kindOf(await byToken(guard, before)), "somebody");
  const kid = (token: string): string => (JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()) as { kid: string }).kid;
  await server.command(["key", "compromise", kid(before), "--yes"]);
  await until(async () => kindOf(await byToken(guard, before)) !== "somebody", "the old key's token is refused");
  let after = before;
  await until(async () => kid((after = await serviceToken())) !== kid(before), "another key signs");
  assert.equal(kindOf(await byToken(guard, after)), "somebody");
});

test("a service without the scope is told so, and goes on by asking", async () => {
  const plain = await server.addClient("plain", "--template=service", "--scope=orders", `--audience=${AUDIENCE}`);
  const troubles: string[] = [];
  const guard = createGuard({ issuer: server.url, audience: AUDIENCE, ...plain, trouble: (why) => troubles.push(why) });
  open.push(guard);
  const token = await serviceToken();
  assert.equal(await guard.ready(300), false);
  assert.equal(kindOf(await byToken(guard, token)), "somebody");
  await until(() => troubles.length > 0, "the trouble is told");
  assert.match(troubles.join(), /plain gets no token for the feed: 400 invalid_scope/);
});
