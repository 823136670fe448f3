// For Express, Connect, and whatever else has middleware of the form `(request, response, next)`.
//
//     app.use(identify(guard));
//     app.get("/orders", requires(signedIn(), scope("orders")), (request, response) => response.json(request.identity));

import type { IncomingMessage, ServerResponse } from "node:http";

import type { Guard } from "./guard.js";
import { identifier, unmet, visit, type Identifier, type Visit } from "./identifier.js";
import type { Identity } from "./identity.js";
import { presentedBy, send } from "./node_http.js";
import type { Requirement } from "./requirements.js";
import type { SessionData } from "./session_data.js";

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      /** Whom the request comes from; `null` where that is nobody. Set by `identify`. */
      identity: Identity | null;
    }
  }
}

export type Middleware = (
  request: IncomingMessage & { identity?: Identity | null },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

const VISITS = new WeakMap<IncomingMessage, Visit>();

/**
 * Finds out whom each request comes from, by a guard or a relying party, whose pages it answers. Nobody is let on, with `null`;
 * what presents something that is no good is answered here.
 */
export function identify(of: Guard | Identifier): Middleware {
  const by = identifier(of);
  return (request, response, next) => {
    visit(by, presentedBy(request)).then((found) => {
      if ("answer" in found) return send(response, found.answer);
      const { who } = found.visit;
      VISITS.set(request, found.visit);
      request.identity = "identity" in who ? who.identity : null;
      return next();
    }, next);
  };
}

/** Lets on whoever meets all of these. Without any, whoever is somebody. */
export function requires(...requirements: readonly Requirement[]): Middleware {
  return (request, response, next) => {
    const answer = unmet(visitOf(request), requirements);
    return answer === undefined ? next() : send(response, answer);
  };
}

/** The documents of whoever sent the request, in one namespace; `of` names another client that shares it. */
export function sessionData<T>(request: IncomingMessage, namespace: string, of?: string): SessionData<T> {
  const { by, presented } = visitOf(request);
  return by.guard.data<T>(presented, namespace, of);
}

function visitOf(request: IncomingMessage): Visit {
  const found = VISITS.get(request);
  // Whoever forgot `identify` must not let everybody in.
  if (found === undefined) throw new Error("`identify(guard)` does not stand before this handler");
  return found;
}
