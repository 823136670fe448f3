// JSON read once before anything believes it (RFC 8259, and RFC 7515 §4 on member names): is it an object, how deep does it
// go, is a name used twice in one object?
//
// `JSON.parse` lets the second of two equal members win, and another reader may let the first one win.

export type Defect = "not_json" | "too_deep" | "duplicate_member";

export type JsonObject = { readonly [name: string]: unknown };

const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** The object that these bytes are, with at most `maxDepth` objects and arrays inside each other. */
export function readObject(bytes: Uint8Array, maxDepth: number): JsonObject | Defect {
  let text: string;
  let value: unknown;
  try {
    text = UTF_8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return "not_json";
  }
  if (!isObject(value)) return "not_json";
  return defect(text, maxDepth) ?? value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** What is wrong with a text that `JSON.parse` takes. */
function defect(text: string, maxDepth: number): Defect | undefined {
  // The names of each object that is open, the innermost last; `undefined` for an array.
  const open: (Set<string> | undefined)[] = [];
  let nameIsNext = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case "{":
      case "[":
        open.push(text[at] === "{" ? new Set() : undefined);
        if (open.length > maxDepth) return "too_deep";
        nameIsNext = text[at] === "{";
        break;
      case "}":
      case "]":
        open.pop();
        nameIsNext = false;
        break;
      case ",":
        nameIsNext = open.at(-1) !== undefined;
        break;
      case '"': {
        const end = endOfString(text, at);
        const written = text.slice(at, end + 1);
        const value = written.includes("\\") ? (JSON.parse(written) as string) : written.slice(1, -1);
        if (LONE_SURROGATE.test(value)) return "not_json";
        if (nameIsNext) {
          const names = open.at(-1);
          if (names?.has(value)) return "duplicate_member";
          names?.add(value);
          nameIsNext = false;
        }
        at = end;
        break;
      }
    }
  }
  return undefined;
}

/** Where the string that begins here has its closing quote. */
function endOfString(text: string, begin: number): number {
  let at = begin + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
