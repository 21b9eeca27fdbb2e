import { describe, expect, test } from 'vitest';
import type { HistoryEntry, ImageConfig } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { layerKinds } from '../../src/normalize/rebuild.ts';

function image(layers: readonly string[], history: readonly HistoryEntry[] = []): ImageConfig {
  return {
    os: 'linux',
    architecture: 'amd64',
    rootfs: { type: 'layers', diff_ids: layers.map((name) => digestOf(name)) },
    history,
  };
}

describe('a layer', () => {
  const made = [
    ...['COPY . . # buildkit', 'ADD app.tar / # buildkit'],
    ...['RUN /bin/sh -c apt-get update # buildkit', 'RUN |1 A=b /bin/sh -c make # buildkit'],
    ...['WORKDIR /app', '/bin/sh -c #(nop) COPY file:0123 in /app ', '/bin/sh -c apt-get update'],
    ...['bazel build ...'],
  ];

  test('is told by its history entry, those without a layer being passed over', () => {
    const history = made.flatMap((created_by) => [
      { created_by: 'ENV COPY=1', empty_layer: true },
      { created_by },
    ]);
    const kinds = layerKinds(image(made, history), { layers: 1, history: 2 });
    const told = kinds.map(({ instruction }) => instruction);
    expect(told).toEqual(['COPY', 'ADD', 'RUN', 'RUN', 'WORKDIR', 'COPY', 'RUN', undefined]);
    const copied = kinds.flatMap((kind, i) => (kind.copied ? [i] : []));
    expect(copied).toEqual([0, 1, 5]);
    expect(kinds.map(({ isBase }) => isBase)).toEqual([true, ...Array<boolean>(7).fill(false)]);
    expect(kinds[0]).toMatchObject({ diffId: digestOf(made[0] ?? ''), createdBy: made[0] });
  });

  test('is unknown where the history does not account for it', () => {
    const kinds = layerKinds(image(['a', 'b'], [{ created_by: 'COPY . .' }]), {
      layers: 0,
      history: 0,
    });
    expect(kinds.map(({ instruction, copied }) => [instruction, copied])).toEqual([
      [undefined, false],
      [undefined, false],
    ]);
  });
});
