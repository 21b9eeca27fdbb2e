import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attribute, noteNumber, placeOf } from '../../../src/plans/hermetic/attribute-fetches.ts';
import { parseDockerfile } from '../../dockerfile/parse-dockerfile.ts';

const step = (name: string, started: number, ended?: number) => ({ name, started, ended });

describe('attribute', () => {
  test('one after the other', () => {
    expect(
      attribute(
        [step('a', 100, 200), step('b', 300)],
        [
          { client: 'x', at: 150 },
          { client: 'x', at: 299 },
          { client: 'x', at: 5000 },
          { client: 'x', at: 250 },
        ],
      ),
    ).toEqual([[0], [1], [1], []]);
  });

  test('beside each other: by the address, once one request is clear', () => {
    const steps = [step('a', 100, 500), step('b', 200, 900)];
    expect(
      attribute(steps, [
        { client: 'x', at: 300 },
        { client: 'y', at: 300 },
        { client: 'x', at: 150 },
      ]),
    ).toEqual([[0], [1], [0]]);
    expect(attribute(steps, [{ client: 'x', at: 300 }])).toEqual([[0, 1]]);
  });

  test('never names a step that did not run', () => {
    const time = fc.integer({ min: 0, max: 1000 });
    const steps = fc.array(fc.tuple(time, time), { maxLength: 6 });
    const seen = fc.array(fc.tuple(time, fc.constantFrom('x', 'y', 'z')), { maxLength: 12 });
    fc.assert(
      fc.property(steps, seen, (ran, asked) => {
        const all = ran.map(([a, b]) => step('', Math.min(a, b), Math.max(a, b)));
        attribute(
          all,
          asked.map(([at, client]) => ({ at, client })),
        ).forEach((found, i) => {
          const at = asked[i]?.[0] ?? 0;
          const running = all.some(({ started, ended }) => started <= at && at <= (ended ?? 0));
          if (running) expect(found.length).toBeGreaterThan(0);
          for (const n of found) {
            expect(at).toBeGreaterThanOrEqual((all[n]?.started ?? 0) - 20);
            expect(at).toBeLessThanOrEqual((all[n]?.ended ?? 0) + 20);
          }
        });
      }),
    );
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
