// For handlers of the form `(Request) => Response`.
//
//     export default guarded(guard, [signedIn()], (request, identity) => Response.json(identity));

import type { Guard } from "./guard.js";
import { identifier, unmet, visit, type Identifier } from "./identifier.js";
import type { Identity } from "./identity.js";
import type { Presented } from "./presented.js";
import type { Answer } from "./refusal.js";
import type { Requirement } from "./requirements.js";
import type { SessionData } from "./session_data.js";

/** Runs the handler for whoever meets all of these; without any, for whoever is somebody. */
export function guarded(
  of: Guard | Identifier,
  requirements: readonly Requirement[],
  handler: (request: Request, identity: Identity) => Response | Promise<Response>,
): (request: Request) => Promise<Response> {
  const by = identifier(of);
  return async (request) => {
    const found = await visit(by, presentedBy(request));
    if ("answer" in found) return responseOf(found.answer);
    const { who, presented } = found.visit;
    const answer = unmet(found.visit, requirements);
    if (answer !== undefined) return responseOf(answer);
    return "identity" in who ? handler(request, who.identity) : responseOf(by.answer(presented, who.refusal));
  };
}

/** Runs the handler for everybody, with `null` for nobody; what presents something that is no good is answered here. */
export function identified(
  of: Guard | Identifier,
  handler: (request: Request, identity: Identity | null) => Response | Promise<Response>,
): (request: Request) => Promise<Response> {
  const by = identifier(of);
  return async (request) => {
    const found = await visit(by, presentedBy(request));
    if ("answer" in found) return responseOf(found.answer);
    const { who } = found.visit;
    return handler(request, "identity" in who ? who.identity : null);
  };
}

/** The documents of whoever sent the request, in one namespace; `of` names another client that shares it. */
export function sessionData<T>(guard: Guard, request: Request, namespace: string, of?: string): SessionData<T> {
  return guard.data<T>(presentedBy(request), namespace, of);
}

/** Lines of one name come joined here: two tokens, or two proofs, cannot be read as one. */
export function presentedBy(request: Request): Presented {
  const url = new URL(request.url);
  return {
    method: request.method,
    target: `${url.pathname}${url.search}`,
    lines: (name) => {
      const line = name === "host" ? (request.headers.get(name) ?? url.host) : request.headers.get(name);
      return line === null ? [] : [line];
    },
  };
}

export function responseOf({ status, headers, body }: Answer): Response {
  const all = new Headers();
  for (const [name, value] of headers) all.append(name, value);
  // Some statuses have no body, and an empty one is a body too.
  return new Response(body === "" ? null : body, { status, headers: all });
}
