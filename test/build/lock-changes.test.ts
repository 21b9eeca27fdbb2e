import { describe, expect, test } from 'vitest';
import {
  changeLines,
  changeText,
  lockChanges,
  packageChanges,
} from '../../src/build/lock-changes.ts';
import { digestOf } from '../../src/model/reference.ts';
import { digest } from './given.ts';
import { lock } from './lock-given.ts';

const debs = (...lines: readonly string[]) => new Map([['deb', lines]]);

describe('lockChanges', () => {
  test('a lock is not unlike itself, whoever built it', () => {
    expect(lockChanges(lock(), lock({ builder: { docker: '28' } }))).toEqual([]);
  });

  test('names each thing that differs', () => {
    const after = lock({
      target: 'other',
      images: new Map([
        ['docker.io/library/node:22', { digest: digest('e'), local: false, platforms: new Map() }],
        ['docker.io/library/new:1', { digest: digest('f'), local: false, platforms: new Map() }],
      ]),
      epoch: { seconds: 5, reason: 'x' },
      normaliser: '2-safe',
      snapshots: ['snapshot.debian.org/debian 20260401T000000Z'],
      remotes: new Map(),
      packages: new Map([['linux/amd64', debs('curl 8.14.1-3', 'jq 1.7')]]),
    });
    expect(changeLines(lockChanges(lock(), after))).toEqual([
      'target: app → other',
      `image docker.io/library/new:1: new, ${digest('f')}`,
      `image docker.io/library/node:22: ${digest('a')} → ${digest('e')}`,
      `image docker.io/library/own:1: gone, was ${digest('c')} (the engine's own)`,
      'epoch: 1769904000 → 5',
      'normalizer rules: 1-safe → 2-safe',
      'snapshot of snapshot.debian.org/debian: 20260301T000000Z → 20260401T000000Z',
      `remote https://example.com/a.txt: gone, was sha256:${'d'.repeat(64)}`,
      'package deb curl (linux/amd64): 8.14.1-2 → 8.14.1-3',
      'package npm @scope/x (linux/amd64): gone, was 1.0.0',
      'package npm y (linux/amd64): gone, was 2.10',
      'platform linux/arm64: gone, was 0 packages',
    ]);
  });

  test('an image that became the engine’s own is another, though its digest is the same', () => {
    const image = { digest: digest('a'), platforms: new Map() };
    const before = lock({ images: new Map([['r/a:1', { ...image, local: false }]]) });
    const after = lock({ images: new Map([['r/a:1', { ...image, local: true }]]) });
    expect(lockChanges(before, after)).toHaveLength(1);
  });
});

describe('packageChanges', () => {
  test('versions side by side are told together', () => {
    expect(packageChanges('l/a', debs('x 1', 'x 2'), debs('x 2', 'x 3'))).toEqual([
      { subject: 'package', name: 'deb x', platform: 'l/a', before: '1, 2', after: '2, 3' },
    ]);
  });
});

describe('what was fetched', () => {
  const of = (...fetches: readonly (readonly [address: string, content: string])[]) => ({
    ...lock(),
    fetches: new Map([
      [
        'build',
        fetches.map(([address, content]) => ({ address, digest: digestOf(content), size: 1 })),
      ],
    ]),
  });
  const npm = (version: string): string =>
    `https://registry.npmjs.org/is-number/-/is-number-${version}.tgz`;

  test('is told by package and version, and by address where that has none', () => {
    const before = of(
      [npm('6.0.0'), 'a'],
      ['https://a.example/index', 'x'],
      ['https://a.example/gone', 'x'],
    );
    const after = of([npm('7.0.0'), 'b'], ['https://a.example/index', 'y']);
    expect(lockChanges(before, before)).toEqual([]);
    expect(lockChanges(before, after).map(changeText)).toEqual([
      `fetch build: GET https://a.example/gone: gone, was ${digestOf('x')}`,
      `fetch build: GET https://a.example/index: ${digestOf('x')} → ${digestOf('y')}`,
      'fetch build: npm is-number: 6.0.0 → 7.0.0',
    ]);
  });

  test('the same version with other bytes is a change', () => {
    expect(lockChanges(of([npm('7.0.0'), 'a']), of([npm('7.0.0'), 'b'])).map(changeText)).toEqual([
      `fetch build: npm is-number: 7.0.0 ${digestOf('a')} → 7.0.0 ${digestOf('b')}`,
    ]);
  });
});

describe('text', () => {
  test('control characters of a lock reach no terminal', () => {
    expect(changeText({ subject: 'image', name: 'a\u001b[2Jb', after: 'x\ny' })).toBe(
      'image a [2Jb: new, x y',
    );
  });

  test('a thousand lines are shown, the rest is counted', () => {
    const changes = Array.from({ length: 1003 }, (_, i) => ({
      subject: 'package' as const,
      name: `deb p${i}`,
      after: '1',
    }));
    const lines = changeLines(changes);
    expect([lines.length, lines.at(-1)]).toEqual([1001, 'and 3 more']);
  });
});
