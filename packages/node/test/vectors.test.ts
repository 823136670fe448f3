// The vectors that the guards of all languages share: tokens, and what is to be made of them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { createGuard, type Who } from "../dist/index.js";
import { digestOf, type Kind } from "../dist/subject.js";
import { issuer } from "./support/issuer.js";
import { request } from "./support/request.js";
import { vectors } from "./support/vectors.js";

interface Case {
  readonly name: string;
  readonly now: number;
  readonly scheme: "Bearer" | "DPoP";
  readonly token: string;
  readonly method?: string;
  readonly url?: string;
  readonly proof?: string | null;
  readonly feed?: { readonly ended?: Subject[]; readonly changed?: Subject[] };
  readonly identity?: Record<string, unknown>;
  readonly refused?: string;
}

interface Subject {
  readonly kind: Kind;
  readonly id: string;
}

interface File {
  readonly issuer: string;
  readonly audiences: string[];
  readonly origin: string;
  readonly leeway_seconds: number;
  readonly jwks: unknown;
  readonly cases: Case[];
}

const file = vectors<File>("tokens.json");
assert.ok(file.cases.length > 20, `only ${file.cases.length} cases`);

for (const one of file.cases) {
  test(`tokens.json: ${one.name}`, async () => {
    const told = issuer({ ...file, feed: feedOf(one), introspection: { active: true, roles: ["asked for"] } });
    const guard = createGuard({
      issuer: file.issuer,
      audience: file.audiences,
      clientId: "api",
      clientSecret: "secret",
      origin: file.origin,
      leewaySeconds: file.leeway_seconds,
      clock: { wall: () => one.now, steady: () => 0 },
      fetch: told.fetch,
      trouble: (why) => assert.fail(why),
    });
    try {
      assert.ok(await guard.ready());
      const headers = { authorization: `${one.scheme} ${one.token}`, ...(one.proof ? { dpop: one.proof } : {}) };
      const target = new URL(one.url ?? file.origin);
      const present = (): Promise<Who> => guard.identify(request(headers, one.method, `${target.pathname}${target.search}`));
      const first = await present();
      const again = await present();
      if (one.refused === "ask") {
        assert.ok("identity" in first && "identity" in again);
        assert.deepEqual([first.identity.roles, told.asked()], [["asked for"], 2]);
      } else if (one.refused !== undefined) {
        assert.deepEqual([reason(first), reason(again)], [one.refused, one.refused]);
      } else {
        assert.deepEqual(shown(first), one.identity);
        // A good proof counts once; a remembered token gives the same answer.
        if (one.scheme === "DPoP") assert.equal(reason(again), "proof");
        else assert.deepEqual(again, first);
        assert.equal(told.asked(), 0);
      }
    } finally {
      guard.close();
    }
  });
}

function feedOf({ feed }: Case): string {
  const rows = [
    ...(feed?.ended ?? []).map(({ kind, id }) => `-${digestOf(kind, id)}`),
    ...(feed?.changed ?? []).map(({ kind, id }) => `~${digestOf(kind, id)}`),
  ];
  const snapshot = ["event: begin", "id:", "data: snapshot", ""];
  const all = ["event: rows", "id: 7.0000000000000007", `data: ${["4000000000", ...rows].join(" ")}`, ""];
  return [...snapshot, ...all, "event: heard", "data: 0", "", ""].join("\n");
}

/** An identity in the words of the file: what is absent is not there. */
function shown(who: Who): Record<string, unknown> {
  assert.ok("identity" in who, JSON.stringify(who));
  const { authenticatedAt, expiresAt, email: _email, username: _username, ...same } = who.identity;
  const all = { ...same, authenticated_at: authenticatedAt, expires_at: expiresAt };
  return Object.fromEntries(
    Object.entries(all).filter(([name, value]) => name === "scopes" || name === "roles" || name === "amr" || value !== undefined),
  );
}

const REASONS: Readonly<Record<string, string>> = {
  "The token is malformed.": "malformed",
  "The token is signed in a way that is not accepted.": "algorithm",
  "The token brings its own key.": "key_in_header",
  "No key of the issuer is named in the token.": "unknown_key",
  "The signature of the token is wrong.": "signature",
  "The token is of another type.": "type",
  "The token is another issuer's.": "issuer",
  "The token is for another audience.": "audience",
  "The token has expired.": "expired",
  "The token is not valid yet.": "not_yet_valid",
};

function reason(who: Who): string {
  assert.ok("refusal" in who, JSON.stringify(who));
  const { refusal } = who;
  switch (refusal.kind) {
    case "invalid_token":
      return REASONS[refusal.why] ?? (refusal.why.startsWith("The token is bound to") ? "binding" : refusal.why);
    case "invalid_dpop_proof":
      return "proof";
    case "token_revoked":
      return "revoked";
    // The guard does not look into what could not be a token at all.
    case "invalid_request":
      return "malformed";
    default:
      return refusal.kind;
  }
}
