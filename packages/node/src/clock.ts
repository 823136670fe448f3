// The only reader of this machine's clocks. Everything else is told the time.

/** Where a guard takes the time from. */
export interface Clock {
  /** The time in whole seconds since 1970, as tokens have it. Never steps back. */
  wall(): number;
  /** Milliseconds since some moment before the first call. Never steps back. */
  steady(): number;
}

/** A machine's own clocks, both in milliseconds. */
interface Machine {
  readonly steady: () => number;
  readonly wall: () => number;
}

const THIS_MACHINE: Machine = { steady: () => performance.now(), wall: () => Date.now() };

/** By less than this a wall clock is corrected, or runs faster than the steady one in hours; in milliseconds. */
const JUMP_MS = 500;

/**
 * The machine's own clocks.
 *
 * Node's steady one stands still while a machine sleeps, and its wall clock can be set. So the steady one counts, and beside it
 * whatever the wall clock jumped ahead of it: whoever wakes up finds its memory old.
 */
export function systemClock(machine: Machine = THIS_MACHINE): Clock {
  /** How far the wall clock is ahead of the steady one, but for what it gained since and is not counted yet. */
  let lead = machine.wall() - machine.steady();
  let slept = 0;
  let latest = 0;
  const read = (): number => {
    // The wall clock between two readings of the other: a pause of this process between them is no jump.
    const before = machine.steady();
    const wall = machine.wall();
    const steady = machine.steady();
    latest = Math.max(latest, wall);
    // A wall clock that is set back is held against where it is then, or a sleep after that would not be seen.
    lead = Math.min(lead, wall - before);
    const gained = wall - steady - lead;
    if (gained > JUMP_MS) {
      slept += gained;
      lead += gained;
    }
    return steady + slept;
  };
  return {
    wall: () => {
      read();
      return Math.floor(latest / 1000);
    },
    steady: read,
  };
}
