import { describe, expect, test } from 'vitest';
import { FIX_RULES } from '../../src/criteria/catalogue.ts';
import type { LastResult, Scored } from '../../src/criteria/score.ts';
import { fixGains, planEdits } from '../../src/fix/compose.ts';
import { ok, type Result } from '../../src/lib/errors.ts';
import type { PlannedEdit } from '../../src/model/fix.ts';
import type { Digest } from '../../src/model/reference.ts';
import { declared } from './facts-builder.ts';
import { around, DISTROLESS as DISTROLESS_DIGESTS } from './support.ts';

const A = `sha256:${'a'.repeat(64)}` as Digest;
const NOW = 1_700_000_000_000;
const declarations = declared({ now: NOW });

function scored(outcome: Scored['outcome']): readonly Scored[] {
  return [
    { id: 'pinned-images', vector: 'provenance', level: 1, outcome },
    { id: 'x', vector: 'provenance', level: 2, outcome: 'fail' },
    { id: 'y', vector: 'provenance', level: 1, outcome: 'pass' },
  ];
}

function planned(
  text: string,
  known: readonly string[],
  last?: readonly LastResult[],
  context?: readonly string[],
) {
  const surroundings = around(FIX_RULES, {
    facts: {
      context,
      digests: new Map([
        ...DISTROLESS_DIGESTS,
        ...known.map((name): [string, Result<Digest>] => [`docker.io/library/${name}`, ok(A)]),
      ]),
    },
  });
  const files = { dockerfile: text, ignoreFile: undefined };
  const plan = planEdits(files, surroundings);
  if (!plan.ok) throw new Error(plan.error.message);
  const { edits } = plan.value;
  const gains = fixGains(edits, { files, around: surroundings, declarations, scored: last });
  return { ids: edits.map(({ id }) => id), gains };
}

function gains(text: string, known: readonly string[], last?: readonly LastResult[]) {
  const { ids, gains: found } = planned(text, known, last);
  return Object.fromEntries(
    ids.flatMap((id) => {
      const gain = found.of(id);
      return gain === undefined ? [] : [[id, gain]];
    }),
  );
}

describe('fixGains', () => {
  test('without a build: the point that the Dockerfile alone shows, and no grade', () => {
    expect(gains('FROM a:1\nMAINTAINER x\n', ['a:1'])).toEqual({
      'pin-images:a:1': { criteria: ['pinned-images'], points: 1, together: [] },
    });
  });

  test('edits that are needed together name each other', () => {
    expect(gains('FROM a:1\nCOPY --from=b:1 / /\n', ['a:1', 'b:1'])).toEqual({
      'pin-images:a:1': { criteria: ['pinned-images'], points: 1, together: ['pin-images:b:1'] },
      'pin-images:b:1': { criteria: ['pinned-images'], points: 1, together: ['pin-images:a:1'] },
    });
  });

  test('nothing is claimed where something of the criterion stays', () => {
    expect(gains('FROM a:1\nCOPY --from=b:1 / /\n', ['a:1'])).toEqual({});
  });

  test('with the last build: grade and level of it with this one change', () => {
    expect(gains('FROM a:1\n', ['a:1'], scored('fail'))).toEqual({
      'pin-images:a:1': {
        criteria: ['pinned-images'],
        points: 1,
        grade: 'B',
        level: 1,
        together: [],
      },
    });
    expect(gains('FROM a:1\n', ['a:1'], scored('pass'))).toEqual({});
  });
});

const GO = [
  'FROM golang:1.24',
  'WORKDIR /src',
  'COPY . .',
  'RUN apt-get update && apt-get install -y gcc && go build -o /app .',
  'CMD ["/app"]',
  '',
].join('\n');
const RUNTIME = 'runtime-stage:final';
const DISTROLESS = 'gcr.io/distroless/cc-debian13:nonroot';
const UNMET = ['no-shell', 'minimal-base', 'nonroot-user', 'no-elevated-files'];
const TOOLS = ['no-package-manager', 'no-build-tooling'];

/** Levels of the specification do not matter here. */
function judged(met: readonly string[], unmet: readonly string[]): readonly Scored[] {
  const of = (outcome: Scored['outcome']) => (id: string) =>
    ({ id, vector: 'minimalism', level: 1, outcome }) as const;
  return [...met.map(of('pass')), ...unmet.map(of('fail'))];
}

describe('an edit that mends several criteria', () => {
  test('counts each that is not met, and no other', () => {
    const last = judged(['minimal-base'], ['no-shell', 'nonroot-user', 'no-elevated-files', 'x']);
    expect(gains(GO, ['golang:1.24'], last)[RUNTIME]).toEqual({
      criteria: expect.arrayContaining([
        'no-shell',
        'nonroot-user',
        'no-elevated-files',
      ]) as string[],
      points: 3,
      grade: 'A',
      together: [],
    });
  });

  test('counts tools and package managers where no packages of a language go along', () => {
    const last = judged([], [...UNMET, ...TOOLS]);
    expect(gains(GO, [], last)[RUNTIME]?.criteria.toSorted()).toEqual(
      [...UNMET, ...TOOLS].toSorted(),
    );
    const node = 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "a.js"]\n';
    expect(gains(node, [], last)[RUNTIME]?.criteria.toSorted()).toEqual(UNMET.toSorted());
  });

  test('claims no taken privileges where a build gives some', () => {
    const text = GO.replace('-o /app .', '-o /app . && setcap cap_net_raw+ep /app');
    const found = gains(text, [], judged([], UNMET))[RUNTIME]?.criteria;
    expect(found).not.toContain('no-elevated-files');
    expect(found).toContain('no-shell');
  });

  test('without a build counts what the Dockerfile shows, and what it is for', () => {
    expect(gains(GO, [])[RUNTIME]?.criteria).toEqual(
      expect.arrayContaining(['no-shell', 'no-build-tooling']),
    );
    expect(gains(GO, [])[RUNTIME]?.criteria).not.toContain('no-package-manager');
  });

  test('the image that is added is pinned, so that no point is lost for it', () => {
    const pinned = GO.replace('golang:1.24', `golang:1.24@${A}`);
    const last = judged(['pinned-images'], ['no-shell']);
    expect(gains(pinned, [], last)[RUNTIME]).toMatchObject({ criteria: ['no-shell'], points: 1 });
    const { gains: found } = planned(pinned, [], last);
    const after = `${pinned}\nFROM ${DISTROLESS}@${A}\nCMD ["/app"]\n`;
    expect(found.together(new Set([RUNTIME]), after)).toMatchObject({ points: 1 });
  });
});

describe('what the last build found', () => {
  const TEXT = 'FROM a\nWORKDIR /app\nCOPY . .\nENV DB_PASSWORD=hunter2hunter2\n';
  const GIT = 'ignore-file:context';
  const PASSWORD = 'env-secrets:DB_PASSWORD';
  const git = { kind: 'file', path: 'app/.git/HEAD' } as const;
  const env = { kind: 'config', field: 'DB_PASSWORD', value: 'hun***' } as const;
  const aside = { kind: 'note', text: 'set aside' } as const;
  const found = (...evidence: NonNullable<LastResult['evidence']>): readonly LastResult[] => [
    { id: 'no-secrets', vector: 'configuration', level: 1, outcome: 'fail', evidence },
  ];

  test.each<[string, readonly LastResult[], readonly string[], boolean]>([
    ['a repository alone', found(git, aside), [GIT], true],
    ['a repository and a password: one edit', found(git, env), [GIT], false],
    ['a repository and a password: the other', found(git, env), [PASSWORD], false],
    ['a repository and a password: both', found(git, env), [GIT, PASSWORD], true],
    ['a repository of a dependency', found({ ...git, path: 'app/lib/.git/HEAD' }), [GIT], false],
    [
      'a repository that COPY did not bring',
      found({ ...git, path: 'src/.git/HEAD' }),
      [GIT],
      false,
    ],
    ['nothing that is listed', found(aside), [GIT], false],
    ['more than is listed', found(...Array.from({ length: 201 }, () => git)), [GIT], false],
  ])('is cleared, or is not: %s', (_, last, ids, isMet) => {
    const { gains: known } = planned(TEXT, [], last, ['.git', 'Dockerfile']);
    expect(known.together(new Set(ids))?.criteria).toEqual(isMet ? ['no-secrets'] : undefined);
  });

  test('a program that was not read is one no more without a network, for both criteria', () => {
    const ids = ['verified-downloads', 'pinned-packages'];
    const last = ids.map(
      (id) => ({ id, vector: 'provenance', level: 2, outcome: 'unknown' }) as const,
    );
    const offline = 'offline-runs:network';
    expect(gains('FROM a\nRUN make it\n', [], last)[offline]?.criteria.toSorted()).toEqual(
      ids.toSorted(),
    );
    const loose = 'FROM a\nRUN make it\nRUN npm install x\n';
    expect(gains(loose, [], last)[offline]?.criteria).toEqual(['verified-downloads']);
  });
});

describe('several edits together', () => {
  const last = judged([], [...UNMET, 'pinned-images']);

  test('count a criterion once that two of them mend', () => {
    const files = { dockerfile: 'FROM scratch\n', ignoreFile: undefined };
    const edit = (id: string, meets: readonly string[]): PlannedEdit => ({
      ...{ id, rule: id, key: id, title: id, why: '', risk: 'low', riskReason: '' },
      ...{ file: 'Dockerfile', line: 1, edits: [], meets },
    });
    const found = fixGains([edit('stage', UNMET), edit('user', ['nonroot-user'])], {
      ...{ files, around: around(FIX_RULES), declarations, scored: last },
    });
    expect(found.of('stage')?.points).toBe(4);
    expect(found.of('user')).toMatchObject({ criteria: ['nonroot-user'], points: 1 });
    expect(found.together(new Set(['stage', 'user']))?.points).toBe(4);
    expect(found.together(new Set())).toBeUndefined();
  });

  test('count what needs all of them only where all are there', () => {
    const text = 'FROM a:1\nCOPY --from=b:1 / /\n';
    const { gains: found } = planned(text, ['a:1', 'b:1'], last);
    expect(found.together(new Set(['pin-images:a:1']))).toBeUndefined();
    expect(found.together(new Set(['pin-images:a:1', 'pin-images:b:1']))).toMatchObject({
      criteria: ['pinned-images'],
      points: 1,
    });
  });
});
