// Tabs of one browser before a backend that answers as the test has it, over real connections.

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";

import { createSession, type Session, type State } from "../dist/index.js";

interface Me {
  readonly user: string | null;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let backend: Server;
let origin: string;
let routes: Record<string, Handler> = {};
const tabs: Session<Me>[] = [];
let channels = 0;

before(async () => {
  backend = createServer((request, response) => {
    const route = routes[`${request.method} ${request.url}`];
    if (route === undefined) json(response, 404, {});
    else route(request, response);
  });
  await new Promise<void>((done) => backend.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
});

after(() => {
  for (const tab of tabs) tab.close();
  backend.close();
  (backend as Server & { closeAllConnections(): void }).closeAllConnections();
});

function json(response: ServerResponse, status: number, body: unknown): void {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type });
  response.end(JSON.stringify(body));
}

const answers = (status: number, body: unknown): Handler => (_request, response) => json(response, status, body);

interface Tab {
  readonly session: Session<Me>;
  readonly went: string[];
  /** Somebody looks at it again. */
  look(): void;
  /** Resolves once the tab is in this state. */
  becomes(status: State<Me>["status"]): Promise<void>;
}

/** Those of one browser have the same name. */
function open(browser: string, at = "/inbox?page=2", waits = false): Tab {
  const went: string[] = [];
  const looks: (() => void)[] = [];
  const document = {
    visibilityState: "visible" as const,
    addEventListener: (_kind: string, look: () => void) => void looks.push(look),
    removeEventListener: () => undefined,
  };
  const location = { href: `${origin}${at}`, assign: (to: string | URL) => void went.push(String(to)) };
  const session = createSession<Me>({ channel: browser, waits, location, document: document as unknown as Document });
  tabs.push(session);
  return {
    session,
    went,
    look: () => looks.forEach((look) => look()),
    becomes: (status) =>
      new Promise((done) => {
        const look = (): void => {
          if (session.state.status !== status) return;
          stop();
          done();
        };
        const stop = session.subscribe(look);
        look();
      }),
  };
}

const browser = (): string => `browser ${(channels += 1)}`;

test("a tab knows who is there once the backend was asked", async () => {
  routes = { "GET /me": answers(200, { user: "ada" }) };
  const tab = open(browser());
  assert.equal(tab.session.state.status, "unknown");
  await tab.becomes("signed_in");
  assert.deepEqual(tab.session.state.me, { user: "ada" });
});

for (const [how, handler] of [
  ["says that nobody is", answers(200, { user: null })],
  ["turns nobody away", answers(401, { code: "not_signed_in" })],
] as const) {
  test(`nobody is there where the backend ${how}`, async () => {
    routes = { "GET /me": handler };
    await open(browser()).becomes("signed_out");
  });
}

test("a backend that does not answer changes nothing that is known", async () => {
  routes = { "GET /me": answers(200, { user: "ada" }) };
  const tab = open(browser());
  await tab.becomes("signed_in");
  routes = { "GET /me": answers(503, {}) };
  await assert.rejects(tab.session.refresh(), /503/);
  assert.equal(tab.session.state.status, "signed_in");
});

test("signing out in one tab signs out all of them", async () => {
  routes = { "GET /me": answers(200, { user: "ada" }), "POST /sign-out": answers(200, { redirect: "https://id.example/oauth/logout" }) };
  const name = browser();
  const [one, other] = [open(name), open(name)];
  await Promise.all([one.becomes("signed_in"), other.becomes("signed_in")]);
  await one.session.signOut();
  assert.equal(one.session.state.status, "signed_out");
  await other.becomes("signed_out");
  assert.deepEqual([one.went, other.went], [["https://id.example/oauth/logout"], []]);
});

test("a sign-out that the backend did not do is none", async () => {
  routes = { "GET /me": answers(200, { user: "ada" }), "POST /sign-out": answers(503, {}) };
  const tab = open(browser());
  await tab.becomes("signed_in");
  await assert.rejects(tab.session.signOut(), /503/);
  assert.equal(tab.session.state.status, "signed_in");
});

test("nobody is sent to an address that is a script", async () => {
  routes = { "GET /me": answers(200, { user: "ada" }), "POST /sign-out": answers(200, { redirect: "javascript:alert(1)" }) };
  const tab = open(browser());
  await tab.session.signOut();
  assert.deepEqual(tab.went, []);
});

test("who comes back to a tab is known in the others", async () => {
  routes = { "GET /me": answers(200, { user: null }) };
  const name = browser();
  const [one, other] = [open(name), open(name)];
  await Promise.all([one.becomes("signed_out"), other.becomes("signed_out")]);
  routes = { "GET /me": answers(200, { user: "ada" }) };
  one.look();
  await Promise.all([one.becomes("signed_in"), other.becomes("signed_in")]);
});

test("who comes back from the sign-in, to a page that is new, is known in the other tabs", async () => {
  routes = { "GET /me": answers(200, { user: null }) };
  const name = browser();
  const one = open(name);
  await one.becomes("signed_out");
  routes = { "GET /me": answers(200, { user: "ada" }) };
  open(name);
  await one.becomes("signed_in");
});

test("a request whose cookie was replaced is sent once more", async () => {
  let sent: string[] = [];
  const replacedOnce: Handler = (request, response) => {
    let body = "";
    request.on("data", (text) => (body += String(text)));
    request.on("end", () => {
      sent.push(body);
      if (sent.length === 1) json(response, 401, { code: "session_replaced" });
      else json(response, 200, { done: true });
    });
  };
  routes = { "GET /me": answers(200, { user: "ada" }), "POST /cart": replacedOnce };
  const tab = open(browser());
  await tab.becomes("signed_in");
  const answer = await tab.session.fetch("/cart", { method: "POST", body: "hat" });
  assert.deepEqual([answer.status, sent], [200, ["hat", "hat"]]);
  assert.equal(tab.session.state.status, "signed_in");

  sent = [];
  routes["POST /cart"] = (_request, response) => {
    sent.push("");
    json(response, 401, { code: "session_replaced" });
  };
  const twice = await tab.session.fetch("/cart", { method: "POST", body: "hat" });
  assert.deepEqual([twice.status, sent.length], [401, 2]);
});

test("an answer that says that the session is over is heard in all tabs, and can still be read", async () => {
  routes = { "GET /me": answers(200, { user: "ada" }), "GET /orders": answers(401, { code: "session_unknown" }) };
  const name = browser();
  const [one, other] = [open(name), open(name)];
  await Promise.all([one.becomes("signed_in"), other.becomes("signed_in")]);
  const answer = await one.session.fetch("/orders");
  assert.deepEqual(await answer.json(), { code: "session_unknown" });
  assert.equal(one.session.state.status, "signed_out");
  await other.becomes("signed_out");
});

test("a tab that waits hears of an end that nobody here brought about, and the others by it", async () => {
  let isOver = false;
  const waiting: (() => void)[] = [];
  let asks: () => void = () => undefined;
  const asked = new Promise<void>((done) => (asks = done));
  routes = {
    "GET /me": (request, response) => {
      if (isOver) return json(response, 200, { user: null });
      if (request.headers["prefer"] === undefined) return json(response, 200, { user: "ada" });
      // The first wait is in vain, and is followed by another one.
      if (waiting.push(() => json(response, 200, { user: null })) > 1) return asks();
      response.writeHead(204, { "preference-applied": "wait=25" }).end();
    },
  };
  const name = browser();
  const other = open(name);
  await other.becomes("signed_in");
  const tab = open(name, "/inbox", true);
  await asked;
  assert.equal(tab.session.state.status, "signed_in");
  isOver = true;
  waiting.at(-1)?.();
  await Promise.all([tab.becomes("signed_out"), other.becomes("signed_out")]);
  assert.equal(waiting.length, 2);
});

test("an answer that only wants a fresh proof signs nobody out", async () => {
  routes = { "GET /me": answers(200, { user: "ada" }), "GET /admin": answers(401, { code: "reauthentication_required" }) };
  const tab = open(browser());
  await tab.becomes("signed_in");
  assert.equal((await tab.session.fetch("/admin")).status, 401);
  assert.equal(tab.session.state.status, "signed_in");
});

test("an answer from before a sign-out brings nobody back", async () => {
  routes = { "GET /me": answers(200, { user: "ada" }), "POST /sign-out": answers(200, {}) };
  const tab = open(browser());
  await tab.becomes("signed_in");
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((done) => {
    routes["GET /me"] = (_request, response) => {
      answer = () => json(response, 200, { user: "ada" });
      done();
    };
  });
  const refreshed = tab.session.refresh();
  await asked;
  await tab.session.signOut();
  answer();
  assert.equal((await refreshed).status, "signed_out");
});

test("people come back to where they were, and to no other host", () => {
  routes = { "GET /me": answers(200, { user: null }) };
  const tab = open(browser(), "/inbox?page=2#last");
  tab.session.signIn();
  tab.session.signIn("/orders");
  tab.session.signIn("https://evil.example/");
  tab.session.signIn("//evil.example/");
  const back = (to: string): string => `${origin}/sign-in?return_to=${encodeURIComponent(to)}`;
  const here = back("/inbox?page=2#last");
  assert.deepEqual(tab.went, [here, back("/orders"), here, here]);
});

test("the state is the same object while nothing changed", async () => {
  routes = { "GET /me": answers(200, { user: "ada" }) };
  const tab = open(browser());
  await tab.becomes("signed_in");
  const { state } = tab.session;
  let changes = 0;
  tab.session.subscribe(() => (changes += 1));
  await tab.session.refresh();
  assert.equal(tab.session.state, state);
  routes = { "GET /me": answers(200, { user: "bob" }) };
  await tab.session.refresh();
  assert.deepEqual([changes, tab.session.state.me], [1, { user: "bob" }]);
});
