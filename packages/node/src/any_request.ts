// Requests of either kind, for whoever asks a guard without an adapter: a WebSocket's beginning, a framework that is not here.

import type { IncomingMessage } from "node:http";

import { presentedBy as byFetch } from "./fetch.js";
import { presentedBy as byNode } from "./node_http.js";
import type { Presented } from "./presented.js";

/** What a request of Node's own server, or one of `fetch`, presents. */
export function presented(request: IncomingMessage | Request): Presented {
  return "rawHeaders" in request ? byNode(request) : byFetch(request);
}
