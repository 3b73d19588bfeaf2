// How long to wait before the next try to connect.

const FIRST = 500;
const LONGEST = 30_000;

/**
 * Milliseconds before try number `attempt` (0 is the first after a loss): doubling, with jitter over its upper half, so
 * that the screens of many people don't come back at the same moment. `random` is from 0 to 1.
 */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
