import { describe, expect, test } from 'vitest';
import { noteNumber, placeOf, ranAt } from '../../src/reproduce/recorded-fetches.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

const step = (name: string, started: number, ended?: number) => ({ name, started, ended });

describe('ranAt', () => {
  const after = [step('a', 100, 200), step('b', 300)];
  const beside = [step('a', 100, 500), step('b', 200, 900)];
  test.each([
    [after, 150, [0]],
    [after, 299, [1]],
    [after, 5000, [1]],
    [after, 250, []],
    [beside, 300, [0, 1]],
    [beside, 150, [0]],
  ])('%#', (steps, at, expected) => {
    expect(ranAt(steps, at)).toEqual(expected);
  });
});

describe('placeOf', () => {
  const read = parseDockerfile(
    [
      'FROM a AS Build',
      'COPY x /',
      'RUN one',
      'FROM b',
      'ENV A=1',
      'WORKDIR /w',
      'RUN two \\',
      '  more',
      'RUN three',
    ].join('\n'),
  );
  const model = read.ok ? read.value : undefined;

  test.each([
    ['[build 3/3] RUN one', [], { stage: 'build', line: 3 }],
    ['[stage-1 3/4] RUN two   more', [], { stage: 'stage-1', line: 7 }],
    ['[stage-1 4/4] RUN three', [], { stage: 'stage-1', line: 9 }],
    ['[4/4] RUN three', [], { stage: 'stage-1', line: 9 }],
    ['[linux/arm64 build 3/3] RUN one', [], { stage: 'build', line: 3 }],
    // Two ONBUILD steps of the base before it.
    ['[stage-1 5/4] RUN two', ['[stage-1 6/4] RUN three'], { stage: 'stage-1', line: 7 }],
    ['[stage-1 2/4] RUN of a trigger', ['[stage-1 6/4] RUN'], { stage: 'stage-1', line: 4 }],
    // Newer versions of BuildKit count them in the total.
    ['[stage-1 2/5] ONBUILD RUN trigger', ['[stage-1 5/5] RUN'], { stage: 'stage-1', line: 4 }],
    ['[stage-1 4/5] RUN two', ['[stage-1 1/4] FROM b'], { stage: 'stage-1', line: 7 }],
    ['[build 2/3] COPY x /', [], undefined],
    ['[internal] load build definition from Dockerfile', [], undefined],
  ])('%s', (name, others, place) => {
    const highest = new Map<string, number>();
    for (const one of [name, ...others]) noteNumber(highest, one);
    expect(model && placeOf(name, model, highest)).toEqual(place);
  });
});
