// Uses each entry of the packages as somebody who installed them would, from a folder that holds nothing else.

import { createSession } from "@cloakroom/browser";
import { createGuard, scope, signedIn, type Identity, type Settings } from "@cloakroom/guard";
import { identify, requires } from "@cloakroom/guard/express";
import { identify as plugin } from "@cloakroom/guard/fastify";
import { guarded } from "@cloakroom/guard/fetch";
import { createRelyingParty } from "@cloakroom/guard/relying-party";

const settings: Settings = { issuer: "http://localhost:1", audience: "https://api.example.com", feed: false };
const guard = createGuard(settings);
const handler = guarded(guard, [signedIn(), scope("orders")], (_request, identity: Identity) => new Response(identity.user));

const answer = await handler(new Request("https://api.example.com/orders"));
if (answer.status !== 401) throw new Error(`expected 401, got ${answer.status}`);
for (const made of [identify(guard), requires(signedIn()), plugin, createRelyingParty, createSession]) {
  if (typeof made !== "function") throw new Error("an entry lacks what it promises");
}
guard.close();
console.log("what would be published is whole");
