// What an adapter needs: somebody who says whom a request comes from, and how a refusal is answered. A guard is one, and a
// relying party is another.

import type { Guard } from "./guard.js";
import type { Presented } from "./presented.js";
import { meansNobody, type Answer } from "./refusal.js";
import { check, type Requirement, type Who } from "./requirements.js";
import type { Refusal } from "./refusal.js";

export interface Identifier {
  readonly guard: Guard;
  /** Answers requests for pages of its own; `undefined` for every other request. */
  handle(presented: Presented): Promise<Answer | undefined>;
  identify(presented: Presented): Promise<Who>;
  /** How a refusal is answered. */
  answer(presented: Presented, refusal: Refusal): Answer;
}

/** A request once it is known whom it comes from. */
export interface Visit {
  readonly by: Identifier;
  readonly presented: Presented;
  readonly who: Who;
}

export function identifier(of: Guard | Identifier): Identifier {
  if ("guard" in of) return of;
  return {
    guard: of,
    handle: async () => undefined,
    identify: (presented) => of.identify(presented),
    answer: (_presented, refusal) => of.answer(refusal),
  };
}

/**
 * Finds out whom a request comes from. The answer is there where no handler is to run: for pages of the relying party, and where
 * what is presented cannot be read, is no good, or cannot be judged. Whoever merely is nobody is let on.
 */
export async function visit(by: Identifier, presented: Presented): Promise<{ visit: Visit } | { answer: Answer }> {
  const answer = await by.handle(presented);
  if (answer !== undefined) return { answer };
  const who = await by.identify(presented);
  if ("refusal" in who && !meansNobody(who.refusal)) return { answer: by.answer(presented, who.refusal) };
  return { visit: { by, presented, who } };
}

/** The answer to a request that does not meet all of these. */
export function unmet({ by, presented, who }: Visit, requirements: readonly Requirement[]): Answer | undefined {
  const refusal = check(who, requirements, by.guard.now());
  return refusal === undefined ? undefined : by.answer(presented, refusal);
}
