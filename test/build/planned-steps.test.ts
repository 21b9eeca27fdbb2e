import { expect, test } from 'vitest';
import { plannedSteps } from '../../src/build/build.ts';
import type { BuildPlan } from '../../src/build/plan.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';

const on = { on: true } as const;
const off = { on: false, offBecause: 'not wanted' } as const;

function steps({
  sign = true,
  grade = true,
  minLevel,
  destinations = [],
}: {
  readonly sign?: boolean;
  readonly grade?: boolean;
  readonly minLevel?: number;
  readonly destinations?: BuildPlan['destinations'];
}) {
  const settings = {
    ...DEFAULT_SETTINGS,
    gate: { waivers: [], ...(minLevel === undefined ? {} : { minLevel }) },
  };
  const attest = { sign: sign ? on : off, sbom: on } as unknown as BuildPlan['attest'];
  return plannedSteps({
    prove: false,
    attest,
    settings,
    destinations,
    grade,
  }).join(' ');
}

test('a build goes through all that is on, in the order in which it ends', () => {
  const destinations: BuildPlan['destinations'] = [
    { kind: 'docker', byDefault: true },
    { kind: 'registry', byDigest: false, plainHttp: false },
  ];
  expect(steps({ minLevel: 2, destinations })).toBe(
    'build normalise inspect sbom sign attest scan grade gate load push',
  );
});

test('what is off by its nature is not listed; what the user turned off is, and shown as off', () => {
  expect(steps({ sign: false })).toBe('build normalise inspect attest scan grade');
  expect(steps({ grade: false, minLevel: 2 })).toBe(
    'build normalise inspect sbom sign attest grade',
  );
});
