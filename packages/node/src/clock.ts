// The only reader of this machine's clocks. Everything else is told the time.

/** Where a guard takes the time from. */
export interface Clock {
  /** The time in whole seconds since 1970, as tokens have it. Never steps back. */
  wall(): number;
  /** Milliseconds since some moment before the first call. Never steps back. */
  steady(): number;
}

/**
 * The machine's own clocks.
 *
 * Node's steady one stands still while a machine sleeps, and its wall clock can be set. Of the time that passed, whichever of
 * the two saw more counts: whoever wakes up finds its memory old.
 */
export function systemClock(): Clock {
  let [steady, wall] = [performance.now(), Date.now()];
  let passed = 0;
  let latest = 0;
  const read = (): void => {
    const [steadyNow, wallNow] = [performance.now(), Date.now()];
    passed += Math.max(0, steadyNow - steady, wallNow - wall);
    [steady, wall] = [steadyNow, wallNow];
    latest = Math.max(latest, wallNow);
  };
  return {
    wall: () => {
      read();
      return Math.floor(latest / 1000);
    },
    steady: () => {
      read();
      return passed;
    },
  };
}
