// For Fastify.
//
//     await app.register(identify, { guard });
//     app.get("/orders", { onRequest: requires(signedIn(), scope("orders")) }, async (request) => request.identity);

import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from "fastify";

import type { Guard } from "./guard.js";
import { identifier, unmet, visit, type Identifier, type Visit } from "./identifier.js";
import type { Identity } from "./identity.js";
import { presentedBy } from "./node_http.js";
import type { Answer } from "./refusal.js";
import type { Requirement } from "./requirements.js";
import type { SessionData } from "./session_data.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Whom the request comes from; `null` where that is nobody. Set by `identify`. */
    identity: Identity | null;
  }
}

export interface Options {
  /** A guard or a relying party, whose pages are answered. */
  readonly guard: Guard | Identifier;
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

const VISITS = new WeakMap<FastifyRequest, Visit>();

/**
 * Finds out whom each request comes from. Nobody is let on, with `null`; what presents something that is no good is answered
 * here.
 */
export const identify: FastifyPluginCallback<Options> = (app, options, done) => {
  const by = identifier(options.guard);
  app.decorateRequest("identity", null);
  app.addHook("onRequest", async (request, reply) => {
    const found = await visit(by, presentedBy(request.raw));
    if ("answer" in found) return send(reply, found.answer);
    const { who } = found.visit;
    VISITS.set(request, found.visit);
    request.identity = "identity" in who ? who.identity : null;
    return undefined;
  });
  done();
};

// The hook is for whoever registers the plugin, and not for what the plugin might register itself.
Object.assign(identify, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "@cloakroom/guard" });

/** Lets on whoever meets all of these. Without any, whoever is somebody. */
export function requires(...requirements: readonly Requirement[]): Hook {
  return async (request, reply) => {
    const answer = unmet(visitOf(request), requirements);
    return answer === undefined ? undefined : send(reply, answer);
  };
}

/** The documents of whoever sent the request, in one namespace; `of` names another client that shares it. */
export function sessionData<T>(request: FastifyRequest, namespace: string, of?: string): SessionData<T> {
  const { by, presented } = visitOf(request);
  return by.guard.data<T>(presented, namespace, of);
}

function visitOf(request: FastifyRequest): Visit {
  const found = VISITS.get(request);
  // Whoever forgot `identify` must not let everybody in.
  if (found === undefined) throw new Error("the plugin `identify` is not registered before this route");
  return found;
}

function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  void reply.code(status);
  for (const name of new Set(headers.map(([name]) => name))) {
    const values = headers.filter(([of]) => of === name).map(([, value]) => value);
    void reply.header(name, values.length === 1 ? values[0] : values);
  }
  // As bytes: to a text Fastify would add a charset, which JSON has none of (RFC 8259 §11).
  return reply.send(Buffer.from(body));
}
