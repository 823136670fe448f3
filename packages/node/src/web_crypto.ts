// Node 18 has the Web Cryptography API, but not as the global by which `jose` finds it.

import { webcrypto } from "node:crypto";

if ((globalThis as { crypto?: unknown }).crypto === undefined) {
  Object.defineProperty(globalThis, "crypto", { value: webcrypto, configurable: true, writable: true });
}
