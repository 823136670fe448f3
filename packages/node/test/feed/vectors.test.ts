import assert from "node:assert/strict";
import { test } from "node:test";

import { Beliefs, type Mark } from "../../dist/beliefs.js";
import { Events } from "../../dist/feed/events.js";
import { Follower } from "../../dist/feed/follower.js";
import { type Digest, digestOf, type Kind } from "../../dist/subject.js";
import { vectors } from "../support/vectors.js";

interface Feed {
  digests: { kind: Kind; id: string; digest: Digest }[];
  streams: {
    about: string;
    text: string;
    knows: {
      ended: Record<Digest, number>;
      changed: Record<Digest, number>;
      heard: number | null;
      place: string | null;
      snapshots: number;
    };
  }[];
}

interface Script {
  name: string;
  steps: Step[];
}

interface Step {
  at: number;
  do?: "open" | "event" | "note" | "answer";
  expect?: "fresh" | "ended" | "resume_from" | "knows";
  event?: string;
  id?: string | null;
  data?: string;
  broken?: boolean;
  name?: string;
  place?: string | null;
  remembered?: boolean;
  kind?: Kind;
  is?: unknown;
}

/** Before anything in the vectors may be forgotten. */
const WALL = 0;
const LATER = 60_000;

const feed = vectors<Feed>("feed.json");
const { max_staleness, scripts } = vectors<{ max_staleness: number; scripts: Script[] }>("follower.json");

test("subjects are named as the server names them", () => {
  assert.equal(new Set(feed.digests.map(({ kind }) => kind)).size, 6);
  for (const { kind, id, digest } of feed.digests) assert.equal(digestOf(kind, id), digest, `${kind} ${id}`);
});

for (const { about, text, knows } of feed.streams) {
  test(`a stream of the server is read in pieces of any size: ${about}`, () => {
    for (const size of [1, 7, text.length]) {
      const beliefs = new Beliefs(max_staleness);
      const follower = new Follower(beliefs);
      // Its streams begin wherever there is something to show: the one before was read to an end.
      if (text.startsWith("event: begin\ndata: resumed")) {
        follower.open(0);
        follower.take({ kind: "begin", id: "", data: "snapshot" }, 0, WALL);
        follower.take({ kind: "rows", id: "1.0000000000000001", data: "0" }, 0, WALL);
        follower.take({ kind: "heard", id: undefined, data: "0" }, 0, WALL);
      }
      follower.open(0);
      const events = new Events();
      const bytes = new TextEncoder().encode(text);
      for (let begin = 0; begin < bytes.length; begin += size) {
        for (const event of events.push(bytes.subarray(begin, begin + size))) follower.take(event, LATER, WALL);
      }
      for (const subject of Object.keys(knows.ended)) assert.ok(beliefs.hasEnded(subject), `${subject} ended`);
      for (const subject of Object.keys(knows.changed)) assert.ok(beliefs.changedAt(subject) > 0, `${subject} changed`);
      const known = new Set([...Object.keys(knows.ended), ...Object.keys(knows.changed)]);
      assert.equal(beliefs.concerned, known.size);
      if (knows.heard !== null) assert.equal(beliefs.unheardFor(LATER), LATER - knows.heard);
      if (knows.place === null) continue;
      // A place counts from the next time that something is heard.
      follower.take({ kind: "heard", id: undefined, data: String(knows.heard ?? 0) }, LATER, WALL);
      assert.equal(follower.resumeFrom, knows.place);
    }
  });
}

for (const { name, steps } of scripts) {
  test(`a follower believes what it should: ${name}`, () => {
    const beliefs = new Beliefs(max_staleness);
    const follower = new Follower(beliefs);
    const noted = new Map<string, Mark>();
    for (const step of steps) {
      const [is, expected] = play(step, beliefs, follower, noted);
      assert.deepEqual(is, expected, JSON.stringify(step));
    }
  });
}

/** What is, and what should be. */
function play(step: Step, beliefs: Beliefs, follower: Follower, noted: Map<string, Mark>): [unknown, unknown] {
  const subject = (): Digest => digestOf(step.kind as Kind, step.id as string);
  const question = (): Mark => noted.get(step.name as string) as Mark;
  switch (step.do ?? step.expect) {
    case "open":
      follower.open(step.at);
      return [true, true];
    case "event": {
      const event = { kind: step.event as string, id: step.id ?? undefined, data: step.data as string };
      let broken = false;
      try {
        follower.take(event, step.at, WALL);
      } catch {
        broken = true;
      }
      return [broken, step.broken ?? false];
    }
    case "note":
      noted.set(step.name as string, beliefs.mark(step.at));
      return [question().place ?? null, step.place];
    case "answer": {
      const { place, epoch } = question();
      return [place !== undefined && place === step.place && epoch === beliefs.epoch, step.remembered];
    }
    case "fresh":
      return [beliefs.areFresh(step.at), step.is];
    case "ended":
      return [beliefs.hasEnded(subject()), step.is];
    case "resume_from":
      return [follower.resumeFrom ?? null, step.is];
    case "knows":
      return [question().epoch === beliefs.epoch && !beliefs.hasChangedSince(subject(), question().version), step.is];
    default:
      throw new Error(`no step: ${JSON.stringify(step)}`);
  }
}
