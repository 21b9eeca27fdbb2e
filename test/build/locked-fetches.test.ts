import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lockChanges } from '../../src/build/lock-changes.ts';
import { completed, lockText } from '../../src/build/plan-lock.ts';
import { formatProblem } from '../../src/config/document.ts';
import { parseLock } from '../../src/config/lock.ts';
import type { Fetch, Fetches } from '../../src/model/build-analysis.ts';
import type { LockFile } from '../../src/model/lock.ts';
import { digestOf } from '../../src/model/reference.ts';
import {
  fetchedMaterials,
  fetchesByStage,
  hermeticMode,
  incompleteByStage,
  merged,
  recordingFor,
} from '../../src/reproduce/recorded-fetches.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

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

  test('say where they are not known to be all', async () => {
    const incomplete = new Map([['a', ['Dockerfile:2 sent 1 TCP connection past the proxy']]]);
    const text = await lockText({ ...lock(new Map()), incomplete });
    expect(text.split('\n').slice(4)).toEqual([
      'fetches: {}',
      'incomplete:',
      '  a:',
      '    - Dockerfile:2 sent 1 TCP connection past the proxy',
      '',
    ]);
    expect((await readBack(text)).incomplete).toEqual(incomplete);
    const damaged = await parseLock(text.replace(/- Docker.*/, '- "a\\e[2J"'), 'f.lock');
    expect(damaged.ok).toBe(false);
    // A recording that is complete takes the place of one that was not.
    const again = completed({ ...lock(new Map()), incomplete }, lock(new Map()));
    expect(await lockText(again)).not.toContain('incomplete');
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

const X: Fetch = { address: 'http://x/', digest: A, size: 1 };
const Y: Fetch = { address: 'http://y/', digest: B, size: 1 };
const Z = { ...X, digest: B };
const none = new Map<string, readonly string[]>();

/** Fetches by stage, as `stage: xyz`. */
const byStage = (fetches: Fetches): readonly string[] =>
  [...fetches].map(
    ([stage, list]) =>
      `${stage}: ${list.map((one) => (one === X ? 'x' : one === Y ? 'y' : 'z')).join('')}`,
  );

describe('fetchesByStage', () => {
  const all = { x: X, y: Y, z: Z };

  /** What was fetched, each with the stages that may have, and what each stage has. */
  test.each([
    // The order stays, and of the last answers to a request one.
    ['x=b y=b x=b z=b z=b x=b x=b y=b', ['b: xyxzzx']],
    ['x=b x=b x=a', ['a: x', 'b: x']],
    ['x=b,a y=', ['a: x', 'b: x', 'unknown: y']],
  ])('%s', (found, expected) => {
    const fetches = found.split(' ').map((word) => {
      const [name = '', stages = ''] = word.split('=');
      return {
        fetch: all[name as keyof typeof all],
        stages: stages.split(',').filter((stage) => stage !== ''),
      };
    });
    expect(byStage(fetchesByStage(fetches))).toEqual(expected);
  });

  test('a provenance names what came, not what led there', () => {
    const redirect: Fetch = { ...X, address: 'http://x/r', status: 302, size: 0 };
    expect(fetchedMaterials(new Map([['a', [redirect, X]]]))).toEqual([
      { uri: 'http://x/', digest: { sha256: A.slice(7) } },
    ]);
  });
});

describe('incompleteByStage', () => {
  test('has each reason once, in plain characters, and not too many', () => {
    const found = [
      { text: 'Dockerfile:2 \u001b[2Jé', stages: ['b'] },
      { text: 'Dockerfile:2 \u001b[2Jé', stages: ['b'] },
      { text: 'x'.repeat(1000), stages: [] },
      ...Array.from({ length: 100 }, (_, i) => ({ text: String(i), stages: ['a'] })),
    ];
    const stages = incompleteByStage(found);
    expect([...stages.keys()]).toEqual(['a', 'b', 'unknown']);
    expect(stages.get('b')).toEqual(['Dockerfile:2 ?[2J?']);
    expect(stages.get('unknown')).toEqual(['x'.repeat(300)]);
    expect(stages.get('a')).toHaveLength(20);
  });
});

describe('two targets of one Dockerfile', () => {
  test('have in a stage of both what the first got, and what only one asked for', () => {
    const first = { fetches: new Map([['base', [X]]]), incomplete: new Map([['base', ['one']]]) };
    const second = {
      fetches: new Map(Object.entries({ base: [Z, Y], web: [Z] })),
      incomplete: new Map(Object.entries({ base: ['one', 'two'], web: ['three'] })),
    };
    expect(merged(undefined, second)).toBe(second);
    const { fetches, incomplete } = merged(first, second);
    expect(byStage(fetches)).toEqual(['base: xy', 'web: z']);
    expect([...incomplete]).toEqual([...second.incomplete]);
  });

  const read = parseDockerfile(
    'FROM a AS z\nRUN a\nFROM z AS app\nRUN b\nFROM z AS web\nRUN c\nFROM z AS quiet\nRUN d\nFROM app\nCOPY --from=quiet /a /\n',
  );
  if (!read.ok) throw new Error(read.error.message);
  const model = read.value;

  test('each is given what its own stages fetched, in the order of the Dockerfile', () => {
    const fetches = new Map(
      Object.entries({ app: [Y], renamed: [X], unknown: [X], web: [X], z: [X] }),
    );
    const given = recordingFor({ fetches, incomplete: none }, model);
    expect(byStage(given.fetches)).toEqual(['z: x', 'app: y', 'renamed: x', 'unknown: x']);
  });

  test('what is missing of a stage that is not built, or that gets no network, does not matter', () => {
    const incomplete = new Map(
      ['app', 'quiet', 'unknown', 'web', 'z'].map((name) => [name, [name]]),
    );
    const names = (...stages: string[]): string[] => {
      const fetches = new Map(stages.map((name) => [name, [X]]));
      return [...recordingFor({ fetches, incomplete }, model).incomplete.keys()];
    };
    expect(names('z')).toEqual(['unknown', 'z']);
    expect(names('app', 'web')).toEqual(['app', 'unknown']);
    // Any of them may have fetched it.
    expect(names('unknown')).toEqual(['app', 'quiet', 'unknown', 'z']);
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
