import { expect, test } from 'vitest';
import type { SteadyInputs } from '../../../src/model/steady-inputs.ts';
import { isSeeded } from '../../../src/pipeline/image-build/refuse-predictable.ts';
import { flag } from '../../../src/plans/build-invocation.ts';

const STEADY: SteadyInputs = { start: 1, clock: 'frozen', oneProcessor: true, seed: undefined };

function build(text: string, seed?: number, argument?: string) {
  const flags = argument === undefined ? [] : [flag('build-arg', argument)];
  return {
    plan: { steady: { ...STEADY, seed }, invocation: { flags } },
    source: { dockerfileText: text },
  } as unknown as Parameters<typeof isSeeded>[0];
}

test.each([
  ['nothing asks for it', build('FROM a\nRUN x'), false],
  ['a setting', build('FROM a\nRUN x', 7), true],
  ['an argument', build('FROM a\nRUN x', undefined, 'FAKERANDOM_SEED=7'), true],
  ['an ARG', build('FROM a\nARG FAKERANDOM_SEED=7\nRUN x'), true],
  ['a RUN of its own', build('FROM a\nRUN FAKERANDOM_SEED=7 x'), true],
])('random numbers are seeded: %s', (_, prepared, seeded) => {
  expect(isSeeded(prepared)).toBe(seeded);
});
