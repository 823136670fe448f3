// Who a request comes from, for services on Node: known in memory, and forgotten as soon as it is taken back.
//
// The adapters for frameworks are `@cloakroom/guard/express`, `/fastify` and `/fetch`; apps on other domains than the issuer's
// sign people in by `/relying-party`.

import "./web_crypto.js";

export type { Clock } from "./clock.js";
export { createGuard, type Guard } from "./guard.js";
export { hasRole, hasScope, type Carrier, type Identity } from "./identity.js";
export type { HeaderName, Presented } from "./presented.js";
export { presented } from "./any_request.js";
export { Unanswered } from "./provider/ask.js";
export { meansNobody, type Answer, type Refusal } from "./refusal.js";
export { anybody, freshWithin, role, scope, signedIn, stepUp, type Requirement, type Who } from "./requirements.js";
export { DataRefused, NotAsSeen, type SessionData, type Version } from "./session_data.js";
export { SettingsError, type Settings } from "./settings.js";
export type { Algorithm } from "./token/algorithm.js";
