import assert from "node:assert/strict";
import { test } from "node:test";

import { Beliefs } from "../../dist/beliefs.js";
import type { Event } from "../../dist/feed/events.js";
import { Follower } from "../../dist/feed/follower.js";
import { digestOf } from "../../dist/subject.js";

const ADA = digestOf("user", "ada");
const SESSION = digestOf("session", "s");
const NOW = 1_700_000_000;
const UNTIL = NOW + 3600;

class Story {
  readonly beliefs = new Beliefs(5000);
  readonly follower = new Follower(this.beliefs);
  now = 0;

  open(): this {
    this.follower.open(this.now);
    return this;
  }

  at(now: number): this {
    this.now = now;
    return this;
  }

  take(kind: string, data: string, id?: string): this {
    const event: Event = { kind, id, data };
    this.follower.take(event, this.now, NOW);
    return this;
  }

  snapshot(...rows: string[]): this {
    return this.take("begin", "snapshot", "").take("rows", [String(UNTIL), ...rows].join(" "), place(7));
  }

  rows(seq: number, ...rows: string[]): this {
    return this.take("rows", [String(UNTIL), ...rows].join(" "), place(seq));
  }

  heard(elapsed: number): this {
    return this.take("heard", String(elapsed));
  }

  get isFresh(): boolean {
    return this.beliefs.areFresh(this.now);
  }
}

function place(seq: number): string {
  return `${seq}.00000000000000${seq < 10 ? `0${seq}` : seq}`;
}

const broken = (act: () => unknown): void => assert.throws(act, { name: "BrokenFeed" });

test("nothing is believed before the whole of a snapshot was heard", () => {
  const story = new Story().open();
  assert.equal(story.isFresh, false);
  story.take("begin", "snapshot", "").take("rows", `${UNTIL} -${ADA}`);
  assert.equal(story.isFresh, false);
  assert.equal(story.beliefs.hasEnded(ADA), true);
  story.rows(7).at(50).heard(40);
  assert.equal(story.isFresh, true);
  assert.equal(story.beliefs.unheardFor(50), 10);
});

test("what was heard grows old with the time that passes here", () => {
  const story = new Story().open().snapshot().at(50).heard(50);
  assert.equal(story.at(5050).isFresh, true);
  assert.equal(story.at(5051).isFresh, false);
});

test("a delayed stream proves no more than the time that passed at the server", () => {
  const story = new Story().open().snapshot().at(100).heard(100);
  // It comes at 9 s and was sent at 1 s.
  story.at(9000).heard(1000);
  assert.equal(story.beliefs.unheardFor(story.now), 8000);
  assert.equal(story.isFresh, false);
});

test("what was heard never becomes less", () => {
  const story = new Story().open().snapshot().at(2000).heard(2000);
  broken(() => story.heard(500));
  assert.equal(story.beliefs.unheardFor(2000), 0);
});

test("a recording is told by its times", () => {
  const story = new Story().open().snapshot().at(100);
  story.heard(1100);
  broken(() => story.heard(1101));
});

test("a stream that resumes keeps the bound of the one before it", () => {
  const story = new Story().open().snapshot().at(1000).heard(1000);
  story.open();
  assert.equal(story.follower.resumeFrom, place(7));
  story.take("begin", "resumed").at(4000).rows(8, `-${ADA}`);
  assert.equal(story.beliefs.unheardFor(4000), 3000);
  assert.equal(story.follower.resumeFrom, place(7));
});

test("a snapshot cut in the middle is begun again", () => {
  const story = new Story().open().snapshot().at(10).heard(10).open();
  story.take("begin", "snapshot", "").take("rows", `${UNTIL} -${ADA}`).open();
  assert.equal(story.follower.resumeFrom, undefined);
  assert.equal(story.isFresh, false);
});

test("another log makes what changed forgotten, and nothing believed until it is heard", () => {
  const story = new Story().open().snapshot(`~${ADA}`, `-${SESSION}`).at(10).heard(10);
  const { epoch } = story.beliefs;
  assert.ok(story.beliefs.changedAt(ADA) > 0);
  story.take("begin", "snapshot", "");
  assert.equal(story.beliefs.changedAt(ADA), 0);
  assert.equal(story.beliefs.epoch, epoch + 1);
  assert.equal(story.isFresh, false);
  assert.equal(story.beliefs.mark(1000).place, undefined);
});

test("what ended stays ended, whatever comes in whatever order", () => {
  const rows = [`-${ADA}`, `~${ADA}`, `~${SESSION}`];
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 0, 1]]) {
    const story = new Story().open().snapshot();
    for (const index of order) story.rows(8 + index, rows[index]!);
    assert.equal(story.beliefs.hasEnded(ADA), true, String(order));
    story.take("begin", "snapshot", "").rows(9);
    assert.equal(story.beliefs.hasEnded(ADA), true, String(order));
  }
});

test("rows may come again", () => {
  const story = new Story().open().snapshot().rows(8, `-${ADA}`).rows(8, `-${ADA}`);
  assert.equal(story.beliefs.concerned, 1);
});

test("an empty snapshot is a line without rows", () => {
  const story = new Story().open().take("begin", "snapshot", "").take("rows", "0", place(0)).heard(0);
  assert.equal(story.isFresh, true);
});

test("unknown events are skipped", () => {
  assert.equal(new Story().open().snapshot().take("weather", "fine").heard(0).isFresh, true);
});

test("a stream that breaks a rule is closed, and the next one begins with a snapshot", () => {
  const wrong: ((story: Story) => unknown)[] = [
    (story) => story.take("begin", "resumed"),
    (story) => story.take("begin", "elsewhere"),
    (story) => story.take("rows", String(UNTIL)),
    (story) => story.take("rows", String(UNTIL), "8"),
    (story) => story.rows(8, ADA),
    (story) => story.rows(8, `-${ADA}A`),
    (story) => story.rows(8, `-${ADA.slice(0, 21)}_`),
    (story) => story.take("rows", `soon -${ADA}`, place(8)),
    (story) => story.take("rows", "", place(8)),
    (story) => story.take("heard", "-1"),
    (story) => story.take("heard", "1.5"),
    (story) => story.take("heard", ""),
  ];
  for (const act of wrong) {
    const story = new Story().open().snapshot().at(10).heard(10);
    broken(() => act(story));
    assert.equal(story.follower.resumeFrom, undefined, String(act));
    broken(() => story.heard(10));
  }
  broken(() => new Story().open().heard(0));
  broken(() => new Story().open().rows(8));
});

test("rows are read as a whole before one of them counts", () => {
  const story = new Story().open().snapshot();
  broken(() => story.rows(8, `-${ADA}`, "?"));
  assert.equal(story.beliefs.hasEnded(ADA), false);
});

test("a question names a place that other nodes have reached by now", () => {
  const story = new Story().at(1000).open().snapshot();
  // The only one there is.
  assert.equal(story.beliefs.mark(1000).place, place(7));
  story.at(2000).rows(8, `~${ADA}`);
  assert.equal(story.beliefs.mark(2200).place, place(7));
  assert.equal(story.beliefs.mark(2300).place, place(8));
  const early = story.beliefs.mark(2200);
  assert.equal(story.beliefs.hasChangedSince(ADA, early.version), true);
  assert.equal(story.beliefs.hasChangedSince(ADA, story.beliefs.mark(2300).version), false);
});

test("rows are forgotten when they concern nothing any more", () => {
  const beliefs = new Beliefs(5000);
  beliefs.take([{ ended: true, subject: ADA, until: NOW + 100 }]);
  beliefs.sweep(NOW + 99);
  assert.equal(beliefs.hasEnded(ADA), true);
  beliefs.sweep(NOW + 99 + 60);
  assert.equal(beliefs.concerned, 0);
});
