// Requests and answers of Node's own HTTP server, which Express and Fastify stand on.

import type { IncomingMessage, ServerResponse } from "node:http";

import type { HeaderName, Presented } from "./presented.js";
import type { Answer } from "./refusal.js";

/** Express changes `url` where a router is mounted, and keeps what the request line said as `originalUrl`. */
export type NodeRequest = IncomingMessage & { originalUrl?: string };

export function presentedBy(request: NodeRequest): Presented {
  return {
    method: request.method ?? "GET",
    target: request.originalUrl ?? request.url ?? "/",
    lines: (name) => linesOf(request.rawHeaders, name),
  };
}

export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.statusCode = status;
  const names = new Set(headers.map(([name]) => name));
  for (const name of names) {
    const values = headers.filter(([of]) => of === name).map(([, value]) => value);
    response.setHeader(name, values.length === 1 ? values[0]! : values);
  }
  response.end(body);
}

/** Node joins or drops lines of one name in `headers`: here each of them is seen. */
function linesOf(raw: readonly string[], wanted: HeaderName): string[] {
  const lines: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    if (raw[at]!.toLowerCase() === wanted) lines.push(raw[at + 1]!);
  }
  return lines;
}
