import { describe, expect, test } from 'vitest';
import { offered, steadyInputs, steadyVariables } from '../../src/build/clock.ts';
import { sentDockerfile } from '../../src/build/sent-dockerfile.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import type { SteadyInputs } from '../../src/model/lock.ts';
import type { Settings } from '../../src/model/settings.ts';
import { INPUTS as STEADY } from './run-steady.ts';

const START = Date.parse('2026-11-28T01:02:03Z') / 1000;
const INPUTS: SteadyInputs = { ...STEADY, start: START };

function settings(reproducible: Partial<Settings['reproducible']>): Settings {
  return {
    ...DEFAULT_SETTINGS,
    reproducible: { ...DEFAULT_SETTINGS.reproducible, ...reproducible },
  };
}

describe('what RUNs are given', () => {
  test('by deterministic: the time of the first build, one processor, no seed', () => {
    expect(steadyInputs(settings({ mode: 'deterministic' }), { startedAt: START })).toEqual(INPUTS);
  });
});

test('random numbers are seeded only where that is asked for', () => {
  expect(steadyVariables(INPUTS)).not.toHaveProperty('FAKERANDOM_SEED');
  expect(steadyVariables({ ...INPUTS, seed: 7 })).toMatchObject({ FAKERANDOM_SEED: '7' });
});

describe('the Dockerfile that is sent', () => {
  function sent(text: string, steady: SteadyInputs | undefined, preloaded: readonly string[] = []) {
    const read = analyseDockerfile(text);
    if (!read.ok) throw new Error(read.error.message);
    const { model } = read.value;
    return sentDockerfile(text, model, offered(model, steady, preloaded));
  }

  test('declares LD_PRELOAD in stages on an image whose programs load by it alone, at whatever depth', () => {
    const text =
      'FROM a AS x\nRUN x\nFROM b\nRUN x\nFROM x\nRUN x\nFROM a\nENV LD_PRELOAD=/own.so\nRUN x\n';
    const lines = sent(text, INPUTS, ['docker.io/library/a:latest'])?.text.split('\n') ?? [];
    const stages = lines.flatMap((line) => (/^(?:FROM|ARG LD_PRELOAD)/.test(line) ? [line] : []));
    expect(stages).toEqual([
      ...['FROM a AS x', 'ARG LD_PRELOAD', 'FROM b', 'FROM x', 'ARG LD_PRELOAD', 'FROM a'],
    ]);
  });

  test('has the clock in each RUN and declares the variables, each line with the one it comes from', () => {
    const found = sent('FROM a\nARG PYTHONHASHSEED=3\nRUN x\n', {
      ...INPUTS,
      oneProcessor: false,
      sameAddresses: false,
    });
    expect(found?.text).toMatch(
      /^FROM a\nARG SOURCE_DATE_EPOCH\nARG PERL_HASH_SEED\nARG CARGO_INCREMENTAL\nARG PYTHONHASHSEED=3\nRUN --mount=type=bind,from=scoville-clock,\S+ .*target=\/etc\/ld\.so\.preload x\n$/,
    );
    expect(found?.lines).toEqual([1, ...Array<undefined>(3), 2, 3, 4]);
  });
});
