// For apps on other domains than the issuer's.

export { createRelyingParty, type RelyingParty } from "./relying_party.js";
export { MemorySessions, type Sessions } from "./sessions.js";
export type { Paths, Settings } from "./settings.js";
export type { UserInfo } from "./tokens.js";
