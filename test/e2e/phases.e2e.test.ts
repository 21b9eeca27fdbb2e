import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClassicEngine, startClassicEngine } from './classic-engine.ts';
import { type Outcome, Phases, PLACES, type Stop } from './phases.ts';
import { isWhole } from './rows.ts';

/** `npm run phases` sets it: how often a build is stopped at each place on each store. */
const times = Number(process.env['SCOVILLE_PHASES'] ?? '0');
const isShort = times === 0;
/** `bad-days-interrupt` has Ctrl-C where Docker loads. */
const STOPS: readonly Stop[] = [
  'kill',
  'full disk',
  ...(isShort && !isWhole ? [] : ['interrupt' as const]),
];
/** Each way at least once, then in turn. */
const turns = Array.from(
  { length: Math.max(STOPS.length, times) },
  (_, i) => [i + 1, STOPS[i % STOPS.length] as Stop] as const,
);
const places = isShort ? ['load, half sent'] : Object.keys(PLACES);
const only = process.env['SCOVILLE_PHASES_ONLY'];

// Mounting and a second engine are root's.
describe.runIf(process.getuid?.() === 0).each(isShort ? ['containerd'] : ['containerd', 'classic'])(
  'a build that is stopped, on the %s store',
  (store) => {
    let engine: ClassicEngine | undefined;
    let phases: Phases;
    const outcomes: Outcome[] = [];
    beforeAll(async () => {
      engine = store === 'classic' ? await startClassicEngine() : undefined;
      phases = new Phases(engine?.host);
      await phases.start();
    });
    afterAll(async () => {
      if (!isShort) process.stderr.write(table(store, outcomes));
      await phases.remove();
      await engine?.stop();
    });

    describe.each(places.filter((place) => only === undefined || place === only))('%s', (place) => {
      test.each(turns)(
        '%i, by %s: each name means the old image or the new one',
        async (_, stop) => {
          const outcome = await phases.trial(place, stop);
          outcomes.push(outcome);
          if (!isShort) process.stderr.write(`${JSON.stringify(outcome)}\n`);
          expect(['old', 'new']).toContain(outcome.docker);
        },
      );
    });
  },
);

function table(store: string, outcomes: readonly Outcome[]): string {
  const rows = [...new Set(outcomes.map(({ place, stop }) => `${place}, ${stop}`))].map((key) => {
    const found = outcomes.filter(({ place, stop }) => `${place}, ${stop}` === key);
    const count = (at: 'docker' | 'registry', age: string): number =>
      found.filter((one) => one[at] === age).length;
    return `${store}: ${key}: ${found.length} whole; Docker ${count('docker', 'old')} old, ${count('docker', 'new')} new; registry ${count('registry', 'old')} old, ${count('registry', 'new')} new`;
  });
  return `${rows.join('\n')}\n${store}: ${outcomes.length} stops, all whole\n`;
}
