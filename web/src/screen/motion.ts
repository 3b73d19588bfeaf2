// How long things move.

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

/** `ms`, or nothing for people who don't want things to move. */
export function motion(ms: number): number {
  return still.matches ? 0 : ms;
}
