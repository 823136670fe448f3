// Why a request is not let on: one row for each reason, with the status and the words of its answer.

export type Refusal =
  | { readonly kind: "invalid_token"; readonly why: string }
  | { readonly kind: "invalid_dpop_proof"; readonly why: string }
  /** A navigation is sent to itself, here, once. */
  | { readonly kind: "session_replaced"; readonly again: string | undefined }
  | { readonly kind: "insufficient_scope"; readonly scope: string }
  | { readonly kind: "role_required"; readonly role: string }
  /** RFC 9470: proved at most so many seconds ago, in one of these ways. */
  | {
      readonly kind: "reauthentication_required";
      readonly maxAge: number | undefined;
      readonly acrValues: readonly string[] | undefined;
    }
  | { readonly kind: Plain };

type Plain =
  | "not_signed_in"
  | "invalid_request"
  | "token_revoked"
  | "session_unknown"
  | "session_expired"
  | "cross_site"
  | "user_required"
  | "unavailable";

interface Row {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/** Names are shared with the server's own problems where the reason is the same. */
const TABLE: Readonly<Record<Refusal["kind"], Row>> = {
  not_signed_in: row(401, "Nobody is signed in", "The request carries neither a session's cookie nor an access token."),
  invalid_request: row(400, "The request cannot be read", "The Authorization or the DPoP header is malformed, or there twice."),
  invalid_token: row(401, "The access token is not valid", ""),
  token_revoked: row(
    401,
    "The access token was revoked",
    "The token's session, grant, client or key has ended, or the token itself; sign in again.",
  ),
  invalid_dpop_proof: row(401, "The key was not proved", ""),
  session_unknown: row(401, "There is no such session", "The session never was, or has ended; sign in again."),
  session_expired: row(
    401,
    "The session has expired",
    "The session was not used for too long, or its time is over; sign in again.",
  ),
  session_replaced: row(
    401,
    "The session has a new secret",
    "The cookie was replaced a moment ago; send the request again with the new one.",
  ),
  cross_site: row(
    403,
    "The request comes from another site",
    "A page of another origin sent this, and that origin is not trusted here.",
  ),
  user_required: row(403, "A user is needed", "Nobody is signed in in this session; sign in first."),
  insufficient_scope: row(
    403,
    "The access token does not allow this",
    "The token lacks the scope that this needs.",
  ),
  role_required: row(403, "A role is needed", "The user does not have the role that this needs."),
  reauthentication_required: row(
    401,
    "Prove once more who you are",
    "The last proof of who is there is too old for this, or not of the kind that this needs.",
  ),
  unavailable: row(
    503,
    "Who is there cannot be found out",
    "The identity server does not answer at the moment; `Retry-After` says when to try again.",
  ),
};

function row(status: number, title: string, detail: string): Row {
  return { status, title, detail };
}

/** Whether it only says that nobody is there any more, so that whoever may be nobody is let on. */
export function meansNobody({ kind }: Refusal): boolean {
  return kind === "not_signed_in" || kind === "session_unknown" || kind === "session_expired";
}

/** An answer that any server can send. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** How a refusal is answered. */
export interface Speech {
  /** What tokens are for: stands in challenges. */
  readonly realm: string;
  /** The issuer, which explains what kinds of problem mean. */
  readonly issuer: string;
  /** What proofs may be signed with; none where they are not taken. */
  readonly proofAlgorithms: readonly string[];
  /** Where this service describes itself (RFC 9728 §5.1). */
  readonly resourceMetadata: string | undefined;
  /** The cookie that says that a navigation was sent to itself. */
  readonly againCookie: string;
}

/** RFC 9457 with the challenges of RFC 6750 §3, RFC 9449 §7.1 and RFC 9470 §3. */
export function answerTo(refusal: Refusal, speech: Speech): Answer {
  const { status, title, detail } = TABLE[refusal.kind];
  if (refusal.kind === "session_replaced" && refusal.again !== undefined) {
    const headers = [
      ["location", refusal.again],
      ["set-cookie", againCookie(speech.againCookie)],
      ["cache-control", "no-store"],
    ] as const;
    return { status: 303, headers, body: "" };
  }
  const headers: [string, string][] = [
    ["content-type", "application/problem+json"],
    ["cache-control", "no-store"],
  ];
  if (refusal.kind === "unavailable") headers.push(["retry-after", "1"]);
  if (status === 401 || refusal.kind === "insufficient_scope") {
    for (const challenge of challenges(refusal, speech)) headers.push(["www-authenticate", challenge]);
  }
  const body = {
    type: `${speech.issuer}/problems/${refusal.kind}`,
    title,
    status,
    detail: "why" in refusal ? refusal.why : detail,
    code: refusal.kind,
  };
  return { status, headers, body: JSON.stringify(body) };
}

/** Kept by the browser for as long as an answer with the new cookie may be on its way. */
function againCookie(name: string): string {
  const secure = name.startsWith("__Host-") ? "; Secure" : "";
  return `${name}=1; Path=/; Max-Age=10; HttpOnly; SameSite=Lax${secure}`;
}

function challenges(refusal: Refusal, { realm, proofAlgorithms, resourceMetadata }: Speech): string[] {
  const parameters = [...error(refusal), ...needs(refusal)];
  if (resourceMetadata !== undefined) parameters.push(["resource_metadata", resourceMetadata]);
  const bearer = refusal.kind === "invalid_dpop_proof" ? [] : parameters;
  const all = [challenge("Bearer", [["realm", realm], ...bearer])];
  if (proofAlgorithms.length > 0) all.push(challenge("DPoP", [...parameters, ["algs", proofAlgorithms.join(" ")]]));
  return all;
}

/** RFC 6750 §3.1: a code only where something was presented. */
function error(refusal: Refusal): [string, string][] {
  const code = ERRORS[refusal.kind];
  if (code === undefined) return [];
  const description = "why" in refusal ? refusal.why : TABLE[refusal.kind].detail;
  return [["error", code], ["error_description", description]];
}

const ERRORS: Partial<Record<Refusal["kind"], string>> = {
  invalid_token: "invalid_token",
  token_revoked: "invalid_token",
  invalid_dpop_proof: "invalid_dpop_proof",
  insufficient_scope: "insufficient_scope",
  reauthentication_required: "insufficient_user_authentication",
};

function needs(refusal: Refusal): [string, string][] {
  if (refusal.kind === "insufficient_scope") return [["scope", refusal.scope]];
  if (refusal.kind !== "reauthentication_required") return [];
  const all: [string, string][] = [];
  if (refusal.acrValues !== undefined) all.push(["acr_values", refusal.acrValues.join(" ")]);
  if (refusal.maxAge !== undefined) all.push(["max_age", String(refusal.maxAge)]);
  return all;
}

function challenge(scheme: string, parameters: [string, string][]): string {
  // RFC 6750 §3: what may stand between quotes.
  const quoted = parameters.map(([name, value]) => `${name}="${value.replace(/[^ !#-[\]-~]/g, "")}"`);
  return `${scheme} ${quoted.join(", ")}`;
}
