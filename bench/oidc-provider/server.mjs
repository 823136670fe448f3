// The authorization server of the npm package `oidc-provider`, set up as Cloakroom is set up to be measured beside it.

import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const env = (name) => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const port = Number(env("PORT"));
const API = "https://api.example.com";
const HOUR = 3600;

/**
 * All in memory, a map for each kind of thing; of what comes without end only the newest are kept, and more of them than
 * come before what each connection began with is used.
 */
class Memory {
  static kinds = new Map();
  static KEPT = 100_000;

  constructor(kind) {
    this.things = new Map();
    Memory.kinds.set(kind, this.things);
  }

  async upsert(id, payload) {
    this.things.set(id, payload);
    if (this.things.size > Memory.KEPT) this.things.delete(this.things.keys().next().value);
  }

  async find(id) {
    return this.things.get(id);
  }

  // Of sessions there is one for each connection, and no device asks.
  async findByUid(uid) {
    for (const session of this.things.values()) if (session.uid === uid) return session;
  }

  async findByUserCode() {}

  async consume(id) {
    this.things.get(id).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    this.things.delete(id);
  }

  async revokeByGrantId(grantId) {
    for (const things of Memory.kinds.values()) {
      for (const [id, payload] of things) if (payload.grantId === grantId) things.delete(id);
    }
  }
}

const { privateKey } = generateKeyPairSync("ed25519");
const signing = { alg: "EdDSA", use: "sig", kid: "bench", ...privateKey.export({ format: "jwk" }) };

const client = (id, secret, registration) => ({
  client_id: id,
  client_secret: secret,
  token_endpoint_auth_method: "client_secret_post",
  id_token_signed_response_alg: "EdDSA",
  ...registration,
});

const provider = new Provider(`http://localhost:${port}`, {
  adapter: Memory,
  clients: [
    client("app", env("APP_SECRET"), {
      redirect_uris: ["https://app.example.com/callback"],
      grant_types: ["authorization_code", "refresh_token"],
    }),
    client("service", env("SERVICE_SECRET"), {
      redirect_uris: [],
      response_types: [],
      grant_types: ["client_credentials"],
    }),
  ],
  jwks: { keys: [signing] },
  routes: {
    authorization: "/oauth/authorize",
    token: "/oauth/token",
    introspection: "/oauth/introspect",
    userinfo: "/oauth/userinfo",
  },
  scopes: ["openid", "email"],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.test`, email_verified: false }),
  }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (_, resource) => ({
        audience: resource,
        scope: "invoices",
        accessTokenFormat: "jwt",
        accessTokenTTL: HOUR,
        jwt: { sign: { alg: "EdDSA" } },
      }),
    },
  },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  ttl: {
    AccessToken: HOUR,
    AuthorizationCode: 60,
    ClientCredentials: HOUR,
    Grant: 24 * HOUR,
    IdToken: HOUR,
    Interaction: HOUR,
    RefreshToken: 24 * HOUR,
    Session: 24 * HOUR,
  },
});

// Who comes here is somebody new, who signs in and allows what is asked: once for each connection, before anything is
// measured.
let people = 0;
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  const accountId = `user${people++}`;
  const grant = new provider.Grant({ accountId, clientId: "app" });
  grant.addOIDCScope("openid email");
  grant.addResourceScope(API, "invoices");
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId }, consent });
  ctx.respond = false;
});

provider.listen(port, "127.0.0.1");
