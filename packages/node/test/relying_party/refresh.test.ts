// Newer tokens while others use the same store: other processes, and somebody who signs out.

import assert from "node:assert/strict";
import { test } from "node:test";

import { MemorySessions } from "../../dist/relying_party/index.js";
import { SealedSessions, type Opened, type Session } from "../../dist/relying_party/session.js";
import { request } from "../support/request.js";
import { given, IDLE_SECONDS, Scene } from "../support/scene.js";

/** A store in which something happens once, right after a session was looked up. */
class Store extends MemorySessions {
  then: (() => Promise<void>) | undefined;

  override async find(name: string): Promise<Uint8Array | undefined> {
    const found = await super.find(name);
    const { then } = this;
    this.then = undefined;
    await then?.();
    return found;
  }
}

/** A session whose access token is void, and what another process does with it. */
class Story {
  private constructor(
    readonly scene: Scene,
    readonly store: Store,
    readonly cookie: string,
  ) {}

  static async begin(): Promise<Story> {
    let store: Store | undefined;
    const scene = await Scene.open({}, { store: (now) => (store = new Store(10, now)) });
    assert.ok(store !== undefined);
    const cookie = await scene.session();
    await scene.pass(11);
    return new Story(scene, store, cookie);
  }

  token(): Promise<string | null> {
    return this.scene.app.accessToken(request({ cookie: this.cookie }));
  }

  async remove(): Promise<void> {
    await this.#sessions.remove(await this.#opened());
  }

  async change(more: Partial<Session>): Promise<void> {
    const opened = await this.#opened();
    assert.ok(await this.#sessions.replace(opened, { ...opened.session, ...more }));
  }

  get #sessions(): SealedSessions {
    return new SealedSessions(this.store, IDLE_SECONDS);
  }

  async #opened(): Promise<Opened> {
    const opened = await this.#sessions.find(this.cookie.split("=")[1]!, this.scene.now);
    assert.ok(opened !== undefined);
    return opened;
  }
}

test("who comes a moment too late for a refresh presents nothing, and finds what it brought", async () => {
  const story = await Story.begin();
  try {
    const { now } = story.scene;
    story.store.then = () => story.change({ accessToken: "another's", accessUntil: now + 600, refreshToken: "rotated", givenAt: now });
    assert.equal(await story.token(), "another's");
    assert.deepEqual(story.scene.presented, []);
  } finally {
    story.scene.close();
  }
});

test("tokens that come for a session that is gone meanwhile are given back", async () => {
  const story = await Story.begin();
  try {
    story.scene.refresh = async () => {
      await story.remove();
      return given("late", { refresh_token: "nobody's" });
    };
    assert.equal(await story.token(), null);
    assert.deepEqual(story.scene.issuer.revoked, ["nobody's"]);
    assert.equal(await story.scene.kind(story.cookie), "session_unknown");
  } finally {
    story.scene.close();
  }
});

test("another's tokens that came meanwhile are used, and none is given back", async () => {
  const story = await Story.begin();
  try {
    const { now } = story.scene;
    story.scene.refresh = async () => {
      await story.change({ accessToken: "another's", accessUntil: now + 600, givenAt: now });
      return given("late", { refresh_token: "rotated" });
    };
    assert.equal(await story.token(), "another's");
    assert.deepEqual(story.scene.issuer.revoked, []);
  } finally {
    story.scene.close();
  }
});

test("a use that is noted meanwhile loses no tokens", async () => {
  const story = await Story.begin();
  try {
    story.scene.refresh = async () => {
      await story.change({ usedAt: Math.floor(story.scene.now) });
      return given("newer", { refresh_token: "rotated" });
    };
    for (let times = 0; times < 2; times += 1) assert.equal(await story.token(), "newer");
    assert.deepEqual(story.scene.presented, ["refresh token"]);
  } finally {
    story.scene.close();
  }
});

test("whoever uses the app stays, and whoever does not is signed out, with and without newer tokens", async () => {
  for (const more of [{}, { refreshToken: null }]) {
    const scene = await Scene.open({ feed: false });
    try {
      const cookie = await scene.session(more);
      for (let hours = 20; hours <= 60; hours += 20) {
        scene.ms = hours * 3_600_000;
        assert.equal(await scene.kind(cookie), "ada");
      }
      scene.ms += IDLE_SECONDS * 1000;
      assert.equal(await scene.kind(cookie), "session_unknown");
    } finally {
      scene.close();
    }
  }
});
