import { describe, expect, test } from 'vitest';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { pairLayers, tracedLayers } from '../../src/reproduce/compare-entries.ts';

const layer = (
  name: string,
): {
  blob: { mediaType: string; digest: ReturnType<typeof digestOf>; size: number };
  diffId: ReturnType<typeof digestOf>;
} => ({
  blob: { mediaType: MEDIA_TYPE.layer, digest: digestOf(name), size: 1 },
  diffId: digestOf(name),
});
const config = (
  history: readonly { created_by: string; empty_layer?: boolean }[],
): Parameters<typeof tracedLayers>[1] => ({
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [] },
  history,
});
const traced = (...instructions: readonly string[]): ReturnType<typeof tracedLayers> =>
  tracedLayers(
    instructions.map((name) => layer(name)),
    config(instructions.map((created_by) => ({ created_by }))),
  );
const names = (pairs: ReturnType<typeof pairLayers>): unknown =>
  pairs.map(({ first, second }) => [first?.createdBy, second?.createdBy]);

describe('tracedLayers', () => {
  test('passes over entries that wrote no layer', () => {
    const found = tracedLayers(
      [layer('1'), layer('2')],
      config([
        { created_by: 'COPY a' },
        { created_by: 'ENV x', empty_layer: true },
        { created_by: 'RUN b' },
      ]),
    );
    expect(found.map(({ createdBy }) => createdBy)).toEqual(['COPY a', 'RUN b']);
  });

  test('believes no history that does not fit', () => {
    const found = tracedLayers([layer('1'), layer('2')], config([{ created_by: 'COPY a' }]));
    expect(found.map(({ createdBy }) => createdBy)).toEqual([undefined, undefined]);
  });
});

describe('pairLayers', () => {
  test('as many of each: by place', () => {
    expect(names(pairLayers(traced('base', 'RUN a'), traced('base', 'RUN b')))).toEqual([
      ['base', 'base'],
      ['RUN a', 'RUN b'],
    ]);
  });

  test('one more in between: the same instruction against the same', () => {
    expect(
      names(pairLayers(traced('base', 'COPY app'), traced('base', 'RUN new', 'COPY app'))),
    ).toEqual([
      ['base', 'base'],
      [undefined, 'RUN new'],
      ['COPY app', 'COPY app'],
    ]);
  });

  test('nothing in common: each stands alone', () => {
    expect(names(pairLayers(traced('a'), traced('b', 'c')))).toEqual([
      ['a', undefined],
      [undefined, 'b'],
      [undefined, 'c'],
    ]);
  });
});
