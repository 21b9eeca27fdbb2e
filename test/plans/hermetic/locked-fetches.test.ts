import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLock } from '../../../src/config/parse-lock.ts';
import { formatProblem } from '../../../src/config/problem.ts';
import { digestOf } from '../../../src/model/digest.ts';
import type { Fetch, Fetches } from '../../../src/model/fetches.ts';
import type { LockFile } from '../../../src/model/lock.ts';
import { hermeticMode } from '../../../src/plans/hermetic/hermetic-mode.ts';
import { fetchedMaterials, fetchesByStage } from '../../../src/plans/hermetic/recorded-fetches.ts';
import { lockChanges } from '../../../src/plans/lock/lock-changes.ts';
import { lockText } from '../../../src/plans/lock/lock-text.ts';
import { completed } from '../../../src/plans/lock/plan-lock.ts';

const A = digestOf('a');
const B = digestOf('b');

function lock(fetches?: Fetches): LockFile {
  return {
    images: new Map(),
    builder: {},
    normaliser: '1-safe',
    snapshots: [],
    remotes: new Map(),
    packages: new Map(),
    ...(fetches === undefined ? {} : { fetches }),
  };
}

async function readBack(text: string): Promise<LockFile> {
  const read = await parseLock(text, 'f.lock');
  if (!read.ok) throw new Error(read.error.map(formatProblem).join('\n'));
  return read.value;
}

describe('fetches in a lock', () => {
  test('are written by stage, and what is usual is left out', async () => {
    const fetches = new Map<string, readonly Fetch[]>([
      ['b', [{ address: 'http://x/', digest: A, size: 1 }]],
      [
        'a',
        [
          {
            address: 'https://x/?token=REDACTED',
            method: 'POST',
            request: B,
            status: 302,
            headers: { location: '/y', etag: '"1"' },
            digest: A,
            size: 0,
          },
        ],
      ],
    ]);
    expect((await lockText(lock(fetches))).split('\n').slice(4)).toEqual([
      'fetches:',
      '  a:',
      '    - address: https://x/?token=REDACTED',
      '      method: POST',
      `      request: ${B}`,
      '      status: 302',
      `      digest: ${A}`,
      '      size: 0',
      '      headers:',
      `        etag: '"1"'`,
      '        location: /y',
      '  b:',
      '    - address: http://x/',
      `      digest: ${A}`,
      '      size: 1',
      '',
    ]);
  });

  test('are read back as they were; a build that fetched nothing is another than one not recorded', async () => {
    expect((await readBack(await lockText(lock(new Map())))).fetches).toEqual(new Map());
    expect((await readBack(await lockText(lock()))).fetches).toBeUndefined();
    const value = fc.stringMatching(/^[\t -~]{1,40}$/);
    const fetch = fc.record({
      address: fc.webUrl({ withQueryParameters: true }),
      digest: fc.constantFrom(A, B),
      size: fc.nat(),
      headers: fc.record({ etag: value, location: value }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fetch, { minLength: 1, maxLength: 4 }), async (list) => {
        const fetches = new Map([['stage-0', list]]);
        expect((await readBack(await lockText(lock(fetches)))).fetches).toEqual(fetches);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['headers: { set-cookie: a }', 'is not a header that is recorded'],
    ['headers: { etag: "a\\r\\nx: y" }', 'must be the text of a header'],
    ['digest: ../../../etc/passwd', 'must be a sha256 digest'],
    ['method: "GET / HTTP/1.1\\r\\n"', 'must be a method of HTTP'],
    ['status: 101', 'must be a whole number from 200 to 599'],
    ['size: -1', 'must be a whole number from 0'],
  ])('refuses %s', async (line, problem) => {
    const good = { address: 'http://x/', digest: A, size: 1 };
    const [key = ''] = line.split(':');
    const rest = Object.entries(good)
      .filter(([name]) => name !== key)
      .map(([name, text]) => `${name}: ${text}`);
    const text = `schemaVersion: 1\nnormaliser: x\nfetches:\n  a:\n    - { ${[...rest, line].join(', ')} }\n`;
    const read = await parseLock(text, 'f.lock');
    expect(read.ok ? [] : read.error.map(formatProblem)).toEqual([
      expect.stringContaining(problem),
    ]);
  });

  test('a recording takes the place of the one before; another build leaves it', () => {
    const before = lock(new Map([['a', [{ address: 'http://x/', digest: A, size: 1 }]]]));
    const after = lock(new Map([['a', [{ address: 'http://x/', digest: B, size: 1 }]]]));
    expect(completed(before, after).fetches).toBe(after.fetches);
    expect(completed(before, lock()).fetches).toBe(before.fetches);
    expect(lockChanges(before, after)).toEqual([
      { subject: 'fetch', name: 'a: GET http://x/', before: A, after: B },
    ]);
  });
});

describe('fetchesByStage', () => {
  const one: Fetch = { address: 'http://x/1', digest: A, size: 1 };
  const other: Fetch = { address: 'http://x/2', digest: B, size: 1 };

  test('keeps the order, and one answer once unless another came between', () => {
    const changed = { ...one, digest: B };
    expect(
      fetchesByStage(
        [one, other, one, changed, one].map((fetch) => ({ fetch, stages: ['build'] })),
      ),
    ).toEqual(new Map([['build', [one, other, changed, one]]]));
  });

  test('puts what may be of several stages into each, and what is of none apart', () => {
    expect(
      fetchesByStage([
        { fetch: one, stages: ['b', 'a'] },
        { fetch: other, stages: [] },
      ]),
    ).toEqual(
      new Map([
        ['a', [one]],
        ['b', [one]],
        ['unknown', [other]],
      ]),
    );
  });

  test('a provenance names what came, not what led there', () => {
    const redirect: Fetch = { ...one, address: 'http://x/r', status: 302, size: 0 };
    expect(fetchedMaterials(new Map([['a', [redirect, one]]]))).toEqual([
      { uri: 'http://x/1', digest: { sha256: A.slice(7) } },
    ]);
  });
});

describe('hermeticMode', () => {
  const off = { record: false, replay: false, locked: false };
  const fetches: Fetches = new Map();
  test.each([
    [off, 'off', undefined, undefined],
    [off, 'record', undefined, 'record'],
    [off, 'replay', fetches, 'replay'],
    [off, 'off', fetches, undefined],
    [{ ...off, locked: true }, 'off', undefined, undefined],
    [{ ...off, locked: true }, 'off', fetches, 'replay'],
    // Without what was fetched it ends: a lock is not written with --locked.
    [{ ...off, locked: true }, 'record', undefined, 'replay'],
  ] as const)('%j, %s', (own, hermetic, found, mode) => {
    const before = found === undefined ? undefined : { fetches: found };
    expect(hermeticMode(own, { hermetic }, before)).toEqual({ ok: true, value: mode });
  });

  test.each([
    [{ ...off, record: true, replay: true }, '--record and --replay exclude each other'],
    [
      { ...off, record: true, locked: true },
      '--record writes the lock, and --locked leaves it as it is',
    ],
  ])('%j', (own, error) => {
    expect(hermeticMode(own, { hermetic: 'record' }, undefined)).toEqual({ ok: false, error });
  });
});
