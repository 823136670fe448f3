// One service, written with each framework: what differs between them is only how it is written.
//
//     GET  /me        everybody: who is there, or null
//     GET  /account   users
//     GET  /orders    users, whose token has the scope `orders`
//     POST /admin     users with the role `admin` who proved in the last hour who they are
//     POST /cart      anybody: adds an item to the cart

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Server } from "node:net";

import express from "express";
import Fastify from "fastify";

import * as byExpress from "../../dist/express.js";
import * as byFastify from "../../dist/fastify.js";
import * as byFetch from "../../dist/fetch.js";
import { anybody, freshWithin, role, scope, signedIn, type Guard } from "../../dist/index.js";

export interface Service {
  readonly url: string;
  close(): Promise<void>;
}

interface Cart {
  readonly items: readonly string[];
}

const ADMIN = [role("admin"), freshWithin(3600)];
const USER = [signedIn(), scope("orders")];

const withOneMore = (item: string) => (cart: Cart | null): Cart => ({ items: [...(cart?.items ?? []), item] });

export async function expressService(guard: Guard): Promise<Service> {
  const { identify, requires, sessionData } = byExpress;
  const app = express();
  app.use(identify(guard));
  app.get("/me", (request, response) => void response.json({ user: request.identity?.user ?? null }));
  app.get("/account", requires(signedIn()), (request, response) => void response.json(request.identity));
  // A router sees another `url` than the request line has.
  const orders = express.Router();
  orders.get("/", requires(...USER), (request, response) => void response.json(request.identity));
  app.use("/orders", orders);
  app.post("/admin", requires(...ADMIN), (_request, response) => void response.json({ done: true }));
  app.post("/cart", requires(anybody()), express.text(), async (request, response) => {
    response.json(await sessionData<Cart>(request, "cart").update(withOneMore(String(request.body))));
  });
  return listening(createServer(app));
}

export async function fastifyService(guard: Guard): Promise<Service> {
  const { identify, requires, sessionData } = byFastify;
  const app = Fastify({ forceCloseConnections: true });
  await app.register(identify, { guard });
  app.get("/me", async ({ identity }) => ({ user: identity?.user ?? null }));
  app.get("/account", { onRequest: requires(signedIn()) }, async ({ identity }) => identity);
  app.get("/orders", { onRequest: requires(...USER) }, async ({ identity }) => identity);
  app.post("/admin", { onRequest: requires(...ADMIN) }, async () => ({ done: true }));
  app.post("/cart", { onRequest: requires(anybody()) }, async (request) =>
    sessionData<Cart>(request, "cart").update(withOneMore(String(request.body))),
  );
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return { url, close: () => app.close() };
}

export async function fetchService(guard: Guard): Promise<Service> {
  const { guarded, identified, sessionData } = byFetch;
  const routes: Record<string, (request: Request) => Promise<Response>> = {
    "GET /me": identified(guard, (_request, identity) => json({ user: identity?.user ?? null })),
    "GET /account": guarded(guard, [signedIn()], (_request, identity) => json(identity)),
    "GET /orders": guarded(guard, USER, (_request, identity) => json(identity)),
    "POST /admin": guarded(guard, ADMIN, () => json({ done: true })),
    "POST /cart": guarded(guard, [anybody()], async (request) =>
      json(await sessionData<Cart>(guard, request, "cart").update(withOneMore(await request.text()))),
    ),
  };
  return serveFetch(async (request) => {
    const route = routes[`${request.method} ${new URL(request.url).pathname}`];
    return route === undefined ? new Response(null, { status: 404 }) : route(request);
  });
}

/** Serves a fetch handler by Node's own server. */
export async function serveFetch(handler: (request: Request) => Promise<Response>): Promise<Service> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = new Headers();
    for (let at = 0; at < request.rawHeaders.length; at += 2) headers.append(request.rawHeaders[at]!, request.rawHeaders[at + 1]!);
    const init: RequestInit = { method: request.method ?? "GET", headers };
    if (chunks.length > 0) init.body = Buffer.concat(chunks);
    const answered = await handler(new Request(`http://${request.headers.host}${request.url}`, init));
    response.statusCode = answered.status;
    for (const [name, value] of answered.headers) {
      if (name !== "set-cookie") response.appendHeader(name, value);
    }
    const cookies = answered.headers.get("set-cookie");
    if (cookies !== null) response.setHeader("set-cookie", cookies.split(/, (?=[^;, ]+=)/));
    response.end(Buffer.from(await answered.arrayBuffer()));
  };
  return listening(createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  }));
}

async function listening(server: Server & { closeAllConnections?: () => void }): Promise<Service> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections?.();
      }),
  };
}

function json(value: unknown): Response {
  return new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });
}
