// What every language's guard is held against: files below `tests/vectors` at the repository's root.

import { readFileSync } from "node:fs";

const FOLDER = process.env["CLOAKROOM_VECTORS"] ?? new URL("../../../../tests/vectors/", import.meta.url).pathname;

export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(`${FOLDER}/${name}`, "utf8")) as T;
}
