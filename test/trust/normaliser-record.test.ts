import { describe, expect, test } from 'vitest';
import { normalisedFiles } from '../../src/trust/provenance.ts';

const record = { version: '1', mode: 'safe', rules: ['a', 'b'] } as const;
const contentOf = (touched: readonly { path: string; rule: string }[]): unknown =>
  JSON.parse(Buffer.from(normalisedFiles({ ...record, touched }).content, 'base64').toString());

describe('normalisedFiles', () => {
  test('groups by rule, sorted, a path that two layers hold once', () => {
    const touched = [
      { path: 'z', rule: 'b' },
      { path: 'y', rule: 'a' },
      { path: 'x', rule: 'b' },
      { path: 'z', rule: 'b' },
    ];
    expect(contentOf(touched)).toEqual([
      { rule: 'a', count: 1, paths: ['y'] },
      { rule: 'b', count: 2, paths: ['x', 'z'] },
    ]);
    expect(normalisedFiles({ ...record, touched: [...touched].reverse() })).toEqual(
      normalisedFiles({ ...record, touched }),
    );
  });

  test('counts more files than it lists', () => {
    const touched = Array.from({ length: 1500 }, (_, index) => ({
      path: `p${String(index).padStart(4, '0')}`,
      rule: 'a',
    }));
    expect(normalisedFiles({ ...record, touched }).annotations).toEqual({ a: 1500 });
    const [entry] = contentOf(touched) as [{ count: number; paths: string[] }];
    expect([entry.count, entry.paths.length, entry.paths.at(-1)]).toEqual([1500, 1000, 'p0999']);
  });
});
