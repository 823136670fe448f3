import assert from "node:assert/strict";
import { test } from "node:test";

import { systemClock } from "../dist/clock.js";
import { NOW } from "./support/keys.js";

/** A machine whose clocks the test sets. The wall clock ticks whole milliseconds, as Node's does. */
class Machine {
  steadyMs = 1000;
  wallMs = NOW * 1000;
  /** What passes at each reading. */
  costMs = 0;
  readonly clock = systemClock({ steady: () => this.#read(this.steadyMs), wall: () => this.#read(Math.floor(this.wallMs)) });

  pass(milliseconds: number): void {
    this.steadyMs += milliseconds;
    this.wallMs += milliseconds;
  }

  #read(value: number): number {
    this.pass(this.costMs);
    return value;
  }
}

test("to read the time takes none", () => {
  const machine = new Machine();
  machine.costMs = 0.0003;
  const [first, began] = [machine.clock.steady(), machine.steadyMs];
  for (let times = 0; times < 100_000; times += 1) {
    if (times % 2 === 0) machine.clock.steady();
    else machine.clock.wall();
  }
  const passed = machine.steadyMs - began;
  assert.ok(passed > 80, "the wall clock ticked meanwhile");
  assert.ok(Math.abs(machine.clock.steady() - first - passed) < 0.01);
});

test("this machine's clock is as fast as its steady one", () => {
  const clock = systemClock();
  const [before, from] = [performance.now(), clock.steady()];
  for (let times = 0; times < 100_000; times += 1) clock.steady();
  assert.ok(clock.steady() - from <= performance.now() - before);
});

test("a sleep counts, in which only the wall clock goes on", () => {
  const machine = new Machine();
  const from = machine.clock.steady();
  machine.wallMs += 60_000;
  assert.equal(machine.clock.steady() - from, 60_000);
  // Once.
  assert.equal(machine.clock.steady() - from, 60_000);
  machine.pass(10);
  assert.equal(machine.clock.steady() - from, 60_010);
});

test("a wall clock that is set back hides no sleep, and takes no time back", () => {
  const machine = new Machine();
  const [from, wall] = [machine.clock.steady(), machine.clock.wall()];
  machine.wallMs -= 3_600_000;
  assert.deepEqual([machine.clock.steady() - from, machine.clock.wall()], [0, wall]);
  machine.wallMs += 60_000;
  assert.equal(machine.clock.steady() - from, 60_000);
});

test("a wall clock that is corrected by a little is no sleep", () => {
  const machine = new Machine();
  const from = machine.clock.steady();
  for (const by of [300, -300, 499, -499, 400]) {
    machine.wallMs += by;
    machine.pass(1000);
    machine.clock.steady();
  }
  assert.equal(machine.clock.steady() - from, 5000);
});

test("a pause between two readings is no sleep", () => {
  const machine = new Machine();
  const from = machine.clock.steady();
  const began = machine.steadyMs;
  for (const cost of [2000, 0, 2000, 0]) {
    machine.costMs = cost;
    machine.clock.steady();
  }
  // The time at which the last reading was taken, and nothing beside it.
  assert.equal(machine.clock.steady() - from, machine.steadyMs - began);
});
