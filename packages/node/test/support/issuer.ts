// An issuer that a test makes up, where no server could be made to say the same: its keys, its feed and its answers are given.

export interface Story {
  readonly issuer: string;
  readonly jwks: unknown;
  /** The feed as it is sent, from its first event on. */
  readonly feed: string;
  /** What introspection answers. */
  readonly introspection: unknown;
}

/** Answers what a guard asks; `asked` counts the questions about tokens. */
export function issuer({ issuer, jwks, feed, introspection }: Story): { fetch: typeof fetch; asked: () => number } {
  let asked = 0;
  const answer = (url: URL, signal: AbortSignal | null | undefined): Response => {
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return json({
          issuer,
          jwks_uri: `${issuer}/jwks`,
          token_endpoint: `${issuer}/token`,
          introspection_endpoint: `${issuer}/introspect`,
        });
      case "/jwks":
        return json(jwks);
      case "/token":
        return json({ access_token: "for the feed", token_type: "Bearer", expires_in: 600 });
      case "/introspect":
        asked += 1;
        return json(introspection);
      case "/api/v1/revocations":
        return new Response(stream(feed, signal), { headers: { "content-type": "text/event-stream" } });
      default:
        return new Response(null, { status: 404 });
    }
  };
  return {
    fetch: async (input, init) => answer(new URL(String(input)), init?.signal),
    asked: () => asked,
  };
}

function json(value: unknown): Response {
  return new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });
}

/** Stays open until it is given up. */
function stream(text: string, signal: AbortSignal | null | undefined): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      signal?.addEventListener("abort", () => controller.error(signal.reason), { once: true });
    },
  });
}
