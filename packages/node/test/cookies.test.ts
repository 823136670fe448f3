import assert from "node:assert/strict";
import { test } from "node:test";

import { Beliefs } from "../dist/beliefs.js";
import { Cookies } from "../dist/cookies.js";
import type { Answered, Session } from "../dist/provider/sessions.js";
import type { Refusal } from "../dist/refusal.js";
import { digestOf } from "../dist/subject.js";
import { readTokenClaims } from "../dist/token/claims.js";
import { claims, NOW } from "./support/keys.js";

const USER = digestOf("user", "ada");
const SESSION = digestOf("session", "s");
const PLACE = "7.0000000000000007";

/** Cookies whose questions are answered by the test. */
class Story {
  readonly beliefs = new Beliefs(5000);
  now = 0;
  wall = NOW;
  asked: (string | undefined)[] = [];
  answer: () => Answered | Promise<Answered> = () => ({ session: this.session(), keep: true });
  readonly cookies = new Cookies(
    "cloakroom",
    2,
    this.beliefs,
    { wall: () => this.wall, steady: () => this.now },
    async (cookie, place) => {
      assert.match(cookie, /^cloakroom=/);
      this.asked.push(place);
      return this.answer();
    },
  );

  constructor() {
    this.beliefs.reach(PLACE, 0);
    this.beliefs.heardUpTo(0);
  }

  session(until = NOW + 3600): Session {
    const { identity } = readTokenClaims({ claims: claims(), kid: "k", expiresAt: until });
    return { identity, until, hangsFrom: [USER, SESSION] };
  }

  async check(value = "secret", fresh = true): Promise<string> {
    const answered = await this.cookies.check(value, fresh);
    return "refusal" in answered ? answered.refusal.kind : "somebody";
  }
}

const ended = (subject: string): { subject: string; ended: boolean; until: number }[] => [{ subject, ended: true, until: NOW + 3600 }];
const changed = (subject: string): { subject: string; ended: boolean; until: number }[] => [{ subject, ended: false, until: NOW + 3600 }];

test("a cookie is asked about once, and again after a minute of use", async () => {
  const story = new Story();
  for (let times = 0; times < 3; times += 1) assert.equal(await story.check(), "somebody");
  assert.deepEqual(story.asked, [PLACE]);
  story.now = 59_999;
  await story.check();
  assert.equal(story.asked.length, 1);
  story.now = 60_000;
  await story.check();
  assert.equal(story.asked.length, 2);
});

test("many requests at once ask once", async () => {
  const story = new Story();
  await Promise.all(Array.from({ length: 50 }, () => story.check()));
  assert.equal(story.asked.length, 1);
});

for (const subject of [USER, SESSION]) {
  test(`a cookie is not believed once what it hangs from ended (${subject})`, async () => {
    const story = new Story();
    assert.equal(await story.check(), "somebody");
    story.beliefs.take(ended(subject));
    story.answer = () => ({ refusal: { kind: "session_unknown" } });
    assert.equal(await story.check(), "session_unknown");
    assert.equal(story.asked.length, 2);
  });

  test(`a cookie is asked about again once what it tells of changed (${subject})`, async () => {
    const story = new Story();
    await story.check();
    story.beliefs.take(changed(subject));
    await story.check();
    assert.equal(story.asked.length, 2);
  });
}

test("an end that is heard while the answer is on its way counts", async () => {
  const story = new Story();
  story.answer = () => {
    story.beliefs.take(ended(SESSION));
    return { session: story.session(), keep: true };
  };
  assert.equal(await story.check(), "session_unknown");
});

/** Answers in the order of the questions, each when the test says so. */
function held(story: Story): ((answer: Answered) => void)[] {
  const answers: ((answer: Answered) => void)[] = [];
  story.answer = () => new Promise((done) => answers.push(done));
  return answers;
}

/** Lets everything run on that waits for nothing from outside. */
const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

for (const [what, subject] of [["user", USER], ["session", SESSION]] as const) {
  test(`who joins a question from before a change asks once more, all of them together (${what})`, async () => {
    const story = new Story();
    const answers = held(story);
    const first = story.cookies.check("secret", true);
    story.beliefs.take(changed(subject));
    const joined = [1, 2, 3].map(() => story.cookies.check("secret", true));
    assert.equal(answers.length, 1);
    const [before, after] = [story.session(NOW + 1), story.session(NOW + 2)];
    answers[0]!({ session: before, keep: false });
    assert.deepEqual(await first, { session: before, keep: false });
    await settled();
    assert.equal(answers.length, 2);
    answers[1]!({ session: after, keep: false });
    for (const one of joined) assert.deepEqual(await one, { session: after, keep: false });
    assert.equal(story.asked.length, 2);
  });
}

test("who joins a question asks no other where nothing of it changed", async () => {
  const story = new Story();
  story.beliefs.take(changed(USER));
  const answers = held(story);
  const all = [1, 2].map(() => story.check());
  story.beliefs.take(changed(digestOf("user", "somebody else")));
  all.push(story.check());
  answers[0]!({ session: story.session(), keep: true });
  assert.deepEqual(await Promise.all(all), ["somebody", "somebody", "somebody"]);
  assert.equal(story.asked.length, 1);
});

test("who joins a question from before another log asks once more", async () => {
  const story = new Story();
  const answers = held(story);
  const first = story.check();
  story.beliefs.beginAnew();
  const joined = story.check();
  answers[0]!({ session: story.session(), keep: true });
  await first;
  await settled();
  assert.equal(answers.length, 2);
  answers[1]!({ refusal: { kind: "session_unknown" } });
  assert.equal(await joined, "session_unknown");
});

test("an answer from before a change serves its one request and is not remembered", async () => {
  const story = new Story();
  story.answer = () => {
    story.beliefs.take(changed(USER));
    return { session: story.session(), keep: true };
  };
  assert.equal(await story.check(), "somebody");
  story.answer = () => ({ session: story.session(), keep: true });
  await story.check();
  assert.equal(story.asked.length, 2);
  // The place that is named was reached before the change.
  await story.check();
  assert.equal(story.asked.length, 3);
  story.beliefs.reach("8.0000000000000008", story.now);
  story.now += 300;
  await story.check();
  await story.check();
  assert.deepEqual(story.asked.slice(3), ["8.0000000000000008"]);
});

test("an answer that is not from that place serves its one request", async () => {
  const story = new Story();
  story.answer = () => ({ session: story.session(), keep: false });
  await story.check();
  await story.check();
  assert.equal(story.asked.length, 2);
});

test("another log makes every cookie forgotten, also those that are being asked about", async () => {
  const story = new Story();
  await story.check();
  story.beliefs.beginAnew();
  await story.check();
  assert.deepEqual(story.asked, [PLACE, undefined]);

  const other = new Story();
  other.answer = () => {
    other.beliefs.beginAnew();
    return { session: other.session(), keep: true };
  };
  await other.check();
  await other.check();
  assert.equal(other.asked.length, 2);
});

test("while the feed is silent each request is a question of its own", async () => {
  const story = new Story();
  await story.check();
  await Promise.all([story.check("secret", false), story.check("secret", false)]);
  assert.equal(story.asked.length, 3);
});

test("a session is over when it says so", async () => {
  const story = new Story();
  story.answer = () => ({ session: story.session(NOW + 10), keep: true });
  await story.check();
  story.wall = NOW + 10;
  await story.check();
  assert.equal(story.asked.length, 2);
});

test("who is nobody is not asked about again and again, but a replaced cookie is", async () => {
  const refuse = (refusal: Refusal) => (): Answered => ({ refusal });
  const story = new Story();
  story.answer = refuse({ kind: "session_unknown" });
  await story.check();
  await story.check("secret", false);
  assert.equal(story.asked.length, 1);
  story.now = 2000;
  await story.check();
  assert.equal(story.asked.length, 2);

  const other = new Story();
  other.answer = refuse({ kind: "session_replaced", again: undefined });
  await other.check();
  await other.check();
  assert.equal(other.asked.length, 2);
});

test("what is no cookie of the issuer's is not asked about", async () => {
  const story = new Story();
  for (const value of ["", "a b", 'a"b', "a,b", "a\r\nb", "ü", "a".repeat(257)]) {
    assert.equal(await story.check(value), "session_unknown");
  }
  assert.equal(story.asked.length, 0);
});

test("only so many cookies are remembered, and those that were used last", async () => {
  const story = new Story();
  await story.check("a");
  await story.check("b");
  await story.check("a");
  await story.check("c");
  assert.equal(story.cookies.remembered, 2);
  assert.equal(story.asked.length, 3);
  await story.check("a");
  assert.equal(story.asked.length, 3);
  await story.check("b");
  assert.equal(story.asked.length, 4);
});
