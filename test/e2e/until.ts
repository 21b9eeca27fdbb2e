import { setTimeout as sleep } from 'node:timers/promises';

/** Ends what hangs; a machine at work takes its time. */
const LONGEST_MS = 180_000;
const LOOK_MS = 50;

/**
 * Waits until it is so, for what no event says: an engine that answers, a file that somebody else
 * writes. What `look` throws ends the wait.
 */
export async function until(
  what: string,
  look: () => boolean | Promise<boolean>,
  longestMs = LONGEST_MS,
): Promise<void> {
  const end = performance.now() + longestMs;
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`not in ${longestMs / 1000} s: ${what}`);
    await sleep(LOOK_MS);
  }
}
