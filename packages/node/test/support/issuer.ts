// An issuer that a test makes up, where no server could be made to say the same: its keys, its feed and its answers are given.

export interface Story {
  readonly issuer: string;
  readonly jwks: unknown;
  /** The feed as it is sent, from its first event on. */
  readonly feed: string;
  /** What introspection answers. */
  readonly introspection: unknown;
  /** What an app is answered that asks for tokens of its users. Default: nothing is there. */
  readonly tokens?: (form: URLSearchParams) => Response | Promise<Response>;
}

export interface Issuer {
  readonly fetch: typeof fetch;
  /** How many questions there were about tokens. */
  asked(): number;
  /** The tokens that were given back. */
  readonly revoked: string[];
  /** Sends more of the feed, to whoever follows it now. */
  tell(events: string): void;
}

/** Answers what a guard and an app ask. */
export function issuer({ issuer, jwks, feed, introspection, tokens }: Story): Issuer {
  let asked = 0;
  const revoked: string[] = [];
  const followers = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const answer = async (url: URL, init: RequestInit | undefined): Promise<Response> => {
    const form = new URLSearchParams(typeof init?.body === "string" ? init.body : "");
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return json({
          issuer,
          jwks_uri: `${issuer}/jwks`,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          introspection_endpoint: `${issuer}/introspect`,
          revocation_endpoint: `${issuer}/revoke`,
        });
      case "/jwks":
        return json(jwks);
      case "/token":
        if (form.get("grant_type") === "client_credentials") {
          return json({ access_token: "for the feed", token_type: "Bearer", expires_in: 600 });
        }
        return tokens?.(form) ?? new Response(null, { status: 404 });
      case "/introspect":
        asked += 1;
        return json(introspection);
      case "/revoke":
        revoked.push(form.get("token") ?? "");
        return new Response();
      case "/api/v1/revocations":
        return new Response(stream(feed, followers, init?.signal), { headers: { "content-type": "text/event-stream" } });
      default:
        return new Response(null, { status: 404 });
    }
  };
  return {
    fetch: (input, init) => answer(new URL(String(input)), init),
    asked: () => asked,
    revoked,
    tell: (events) => {
      for (const follower of followers) follower.enqueue(new TextEncoder().encode(events));
    },
  };
}

export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });
}

/** Stays open until it is given up. */
function stream(
  text: string,
  followers: Set<ReadableStreamDefaultController<Uint8Array>>,
  signal: AbortSignal | null | undefined,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      followers.add(controller);
      signal?.addEventListener(
        "abort",
        () => {
          followers.delete(controller);
          controller.error(signal.reason);
        },
        { once: true },
      );
    },
  });
}
