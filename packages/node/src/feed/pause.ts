// How long to wait before the next stream is opened, so that a server that comes back is not met by everybody at once.

const FIRST_MS = 100;
const LONGEST_MS = 5000;

/** In milliseconds, after so many failures in a row; `random` is from 0 to 1. Some of it is drawn, from half to all. */
export function pauseBefore(failures: number, random: number): number {
  if (failures === 0) return 0;
  const most = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
  return most * (0.5 + random / 2);
}
