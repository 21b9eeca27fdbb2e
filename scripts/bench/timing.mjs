import { spawnSync } from 'node:child_process';

/** Runs a command to its end and gives the wall time in seconds; a failure throws, since its time would mean nothing. */
export function timed(command, args, options = {}) {
  const started = process.hrtime.bigint();
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 256 << 20,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (result.status !== 0)
    throw new Error(
      `${command} ${args.slice(0, 4).join(' ')} ended with ${result.status ?? result.signal ?? result.error}:\n${(result.stderr ?? '').slice(-2000)}`,
    );
  return { seconds, stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
}

/** Median, least and most of some numbers. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1), runs: sorted.length };
}

/** Runs a thing and its floor in turns, so that a busy moment of the machine meets both. */
export function inTurns(runs, floor, thing) {
  const floors = [];
  const things = [];
  for (let run = 0; run < runs; run += 1) {
    floors.push(floor(run));
    things.push(thing(run));
  }
  return { floor: spread(floors), thing: spread(things) };
}
