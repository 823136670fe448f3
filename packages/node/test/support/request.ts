// A request as an adapter would hand it over.

import type { HeaderName, Presented } from "../../dist/presented.js";

export function request(
  headers: Partial<Record<HeaderName, string | string[]>> = {},
  method = "GET",
  target = "/",
): Presented {
  return {
    method,
    target,
    lines: (name) => {
      const lines = headers[name];
      return lines === undefined ? [] : typeof lines === "string" ? [lines] : lines;
    },
  };
}
