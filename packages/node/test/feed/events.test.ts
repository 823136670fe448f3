import assert from "node:assert/strict";
import { test } from "node:test";

import { Events, LONGEST, type Event } from "../../dist/feed/events.js";

function read(...pieces: Uint8Array[]): Event[] {
  const events = new Events();
  return pieces.flatMap((piece) => events.push(piece));
}

const event = (kind: string, id: string | undefined, data: string): Event => ({ kind, id, data });

test("an event ends with an empty line", () => {
  const stream = Buffer.from("event: rows\nid: 7.a\ndata: 1 -x\ndata: 2 ~y\n\nevent: heard\ndata:12\n\n");
  assert.deepEqual(read(stream), [event("rows", "7.a", "1 -x\n2 ~y"), event("heard", undefined, "12")]);
  assert.deepEqual(read(Buffer.from("event: heard\ndata: 1\n")), []);
});

test("comments and unknown fields say nothing", () => {
  const stream = Buffer.from("\ufeff: hello\nretry: 5\nx\n\ndata\n\n");
  assert.deepEqual(read(stream), [event("message", undefined, "")]);
});

test("an id belongs to its event, and may be empty", () => {
  const stream = Buffer.from("id:\ndata: a\n\nid: x\0y\ndata: b\n\ndata: c\n\n");
  assert.deepEqual(
    read(stream).map(({ id }) => id),
    ["", undefined, undefined],
  );
});

test("it does not matter where the network cuts", () => {
  const stream = Buffer.from("event: rows\r\nid: 7.a\r\ndata: 1 -x\r\ndata: 2\r\n\r\ndata: zü\r\rdata: q\n\n");
  const whole = read(stream);
  assert.deepEqual(
    whole.map(({ data }) => data),
    ["1 -x\n2", "zü", "q"],
  );
  for (let first = 0; first <= stream.length; first += 1) {
    for (let second = first; second <= stream.length; second += 1) {
      const cut = read(stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second));
      assert.deepEqual(cut, whole, `cut at ${first} and ${second}`);
    }
  }
});

test("what is endless is refused", () => {
  assert.deepEqual(read(Buffer.from("data: short\n\n")), [event("message", undefined, "short")]);
  assert.throws(() => read(Buffer.alloc(LONGEST + 1, "a")), { name: "NoEventStream" });
  const line = Buffer.from(`data: ${"a".repeat(1 << 20)}\n`);
  assert.throws(() => read(line, line, line, line, line), { name: "NoEventStream" });
});

test("what is no text is refused", () => {
  assert.throws(() => read(Buffer.from([0x64, 0xff, 0x0a])), { name: "NoEventStream" });
});
