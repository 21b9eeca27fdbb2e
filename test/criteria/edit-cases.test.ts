import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { maintainer } from '../../src/criteria/annotations.ts';
import { FIX_RULES } from '../../src/criteria/catalogue.ts';
import { nonrootEdit } from '../../src/criteria/nonroot-user.ts';
import { packageCaches } from '../../src/criteria/package-caches.ts';
import { pinImages } from '../../src/criteria/pinned-images.ts';
import { freezeArchives, lockFiles, pinPackages } from '../../src/criteria/pinned-packages.ts';
import { verifyDownloads } from '../../src/criteria/verified-downloads.ts';
import { planEdits } from '../../src/fix/compose.ts';
import { err, ok, type Result } from '../../src/lib/errors.ts';
import type { FetchedFile, FixFacts, InstalledVersion } from '../../src/model/fix.ts';
import type { Digest } from '../../src/model/reference.ts';
import { withBase } from './bases.ts';
import { type Around, around, DISTROLESS, fixed } from './support.ts';

const SIGNS: readonly (readonly [string, string])[] = [
  ['~A', 'a'.repeat(64)],
  ['~B', 'b'.repeat(64)],
  ['~D', 'd'.repeat(64)],
];
const whole = (text: string): string =>
  SIGNS.reduce((all, [sign, digits]) => all.replaceAll(sign, digits), text);
const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}` as Digest;
const versions = (type: InstalledVersion['type'], list: string): readonly InstalledVersion[] =>
  list.split(' ').map((one) => {
    const [name = '', version = ''] = one.split(/=(.*)/);
    return { type, name, version };
  });

/** What all cases know but for the base: tags, versions of the first stage, and downloads. */
const FACTS: Partial<FixFacts> = {
  digests: new Map<string, Result<Digest>>([
    ...DISTROLESS,
    ...['node:22', 'node:22.4-slim-bookworm', 'python:slim', 'debian:trixie-slim'].map(
      (name) => [`docker.io/library/${name}`, ok(digest('a'))] as const,
    ),
    ['docker.io/docker/dockerfile:1', ok(digest('a'))],
    ['docker.io/library/node:22-slim', ok(digest('b'))],
    ['docker.io/library/debian:latest', ok(digest('b'))],
    ['localhost:5000/x/y:1', ok(digest('b'))],
    ['docker.io/library/gone:1', err('docker.io does not have it')],
    ['docker.io/library/ruby:3.3-slim', err('docker.io does not have it')],
  ]),
  versions: new Map([
    [
      0,
      ok([
        ...versions('deb', 'curl=8.14.1-2+deb13u2 git=1:2.47.3-0+deb13u1 apt=3.0.3'),
        ...versions('apk', 'curl=8.14.1-r2 git=2.49.1-r0'),
        ...versions('npm', 'npm=11.6.2 @scope/cli=1.2.3 semver=7.0.0 semver=6.0.0'),
        ...versions('pypi', 'Flask=3.1.2 uvicorn=0.38.0'),
        { type: 'rpm', name: 'curl', version: '7.76.1-31.el9' },
        { type: 'gem', name: 'rake', version: '13.3.1' },
        { type: 'deb', name: 'odd', version: '1 $(x)' },
      ]),
    ],
  ]),
  hashes: new Map<string, Result<FetchedFile>>([
    ...['/tool-1.2.3.tgz', '/install.sh', ''].map(
      (path) => [`https://x.org${path}`, ok({ digest: digest('a'), size: 10 })] as const,
    ),
    ['http://x.org/a', err('it is not fetched without TLS')],
    ['https://x.org/gone', err('the server answered 404')],
  ]),
};

/** What a case knows besides. */
interface Given {
  /** The base, or why it could not be had. */
  readonly base?: Parameters<typeof withBase>[0] | string;
  /** The base's name; `a:latest` without it. */
  readonly of?: string;
  /** The base does not have a shell. */
  readonly bare?: true;
  readonly files?: Readonly<Record<string, string>>;
  readonly context?: readonly string[];
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly refresh?: true;
  readonly repository?: string;
  /** Why the versions of the first stage are not known. */
  readonly versions?: string;
}

const LOCKS = ['package-lock.json', 'package.json', 'yarn.lock', 'pnpm-lock.yaml', 'Cargo.lock'];
/** What many cases know, by a word. */
const WORDS: Readonly<Record<string, Given>> = {
  base: { base: {} },
  suid: { base: { elevated: ['usr/bin/su', 'usr/bin/passwd'] } },
  gone: { base: 'no such host' },
  locks: { context: LOCKS, files: Object.fromEntries(LOCKS.map((name) => [name, ''])) },
  wget: {
    files: {
      'start.sh': '#!/bin/sh\n# curl is not called\nif ! wget -q http://db/; then exit 1; fi\n',
    },
  },
};

function surroundings(given: Given): Around {
  const { base, of = 'a:latest', bare, files = {}, context, buildArgs = {}, repository } = given;
  const name = of.includes('/') ? of : `docker.io/library/${of}`;
  const more = bare === true ? { has: () => false } : {};
  const [found = err('no base')] =
    typeof base === 'object'
      ? (withBase({ ...base, ...more }).facts.bases?.values() ?? [])
      : [err(base ?? '')];
  return {
    files,
    buildArgs,
    options: { refresh: given.refresh === true },
    facts: {
      ...FACTS,
      ...(base === undefined ? {} : { bases: new Map([[name, found]]) }),
      ...(given.versions === undefined ? {} : { versions: new Map([[0, err(given.versions)]]) }),
      context,
      repository,
    },
  };
}

interface Case {
  readonly title: string;
  readonly rule: string;
  readonly before: string;
  /** Undefined where nothing is edited. */
  readonly after: string | undefined;
  readonly left: string;
  readonly given: Given;
}

const textOf = (written: string): string => {
  const text = JSON.parse(`"${whole(written).replaceAll('"', '\\"')}"`) as string;
  return /^(?:\s|\uFEFF|#|ARG|FROM)/i.test(text) ? text : `FROM a\n${text}\n`;
};

/** One case a line of edits.tsv. */
function cases(): readonly Case[] {
  let rule = '';
  return readFileSync('test/criteria/edits.tsv', 'utf8')
    .split('\n')
    .flatMap((row) => {
      rule = /^# rule (.*)/.exec(row)?.[1] ?? rule;
      if (row === '' || row.startsWith('#')) return [];
      const [name = '', before = '', after = '', left = '', given = ''] = row.split('\t');
      return {
        title: `${rule}: ${name === '' ? before : name}`,
        rule,
        before: textOf(before),
        after: after === '=' ? undefined : textOf(after),
        left: whole(left),
        given: WORDS[given] ?? (JSON.parse(given || '{}') as Given),
      };
    });
}

test.each(cases())('$title', async ({ rule: id, before, after, left, given }) => {
  const rule = FIX_RULES.find((one) => one.id === id);
  if (rule === undefined) throw new Error(`no rule ${id}`);
  const { text, refusals, ids, again } = await fixed(rule, before, surroundings(given));
  expect(text).toBe(after ?? before);
  expect(refusals.join(' / ')).toBe(left);
  expect(ids.length > 0).toBe(after !== undefined);
  // What is applied once has nothing left to do.
  expect(again).toEqual([]);
});

describe('edits of one kind are one', () => {
  test.each([
    ['pin-images:node:22', pinImages, 'FROM node:22 AS a\nFROM node:22\nCOPY --from=a / /\n'],
    ['pin-packages:apt/curl', pinPackages, 'FROM a\nRUN apt install curl\nRUN apt install curl\n'],
    ['maintainer:authors', maintainer, 'FROM a\nMAINTAINER jo\n'],
    [
      'package-caches:apt package-caches:pip package-caches:npm',
      packageCaches,
      'FROM a\nRUN apt-get update\nRUN apt-get update && apt-get install -y y && pip install z && npm i\n',
    ],
  ])('%s', async (expected, rule, text) => {
    expect((await fixed(rule, text, { facts: FACTS })).ids.join(' ')).toBe(expected);
  });
});

describe('what is said of an edit', () => {
  test('a known server: its port is pointed out', async () => {
    const text = 'FROM a\nEXPOSE 80 8080/tcp\nCMD ["nginx", "-g", "daemon off;"]\n';
    expect((await fixed(nonrootEdit, text, withBase())).applied[0]).toMatchObject({
      risk: 'medium',
      riskReason:
        'it can write to /var/cache/nginx, /var/lib/nginx, /var/log/nginx, /run and /tmp, and nowhere else; port 80 is below 1024: Docker lets everybody listen there, other engines may not',
    });
  });

  test('a download: the version that its address names, or that it names none', async () => {
    const text = 'FROM a\nADD https://x.org/tool-1.2.3.tgz /\nADD https://x.org/install.sh /\n';
    const { applied } = await fixed(verifyDownloads, text, { facts: FACTS });
    expect(applied.map(({ risk, riskReason }) => [risk, riskReason])).toEqual([
      ['low', 'the address names version 1.2.3: the build fails only where that is changed'],
      ['medium', 'the address does not name a version: the build fails when its content changes'],
    ]);
  });

  test('a digest that is replaced', async () => {
    const more = { facts: FACTS, options: { refresh: true } };
    const { applied } = await fixed(pinImages, `FROM node:22@${digest('b')}\n`, more);
    expect(applied[0]).toMatchObject({ title: 'Refresh the digest of node:22', risk: 'low' });
  });

  test('a lock file that is missing: the command alone, to be pasted', () => {
    const files = { dockerfile: 'FROM a\nCOPY package.json .\nRUN npm install\n' };
    const plan = planEdits(
      { ...files, ignoreFile: undefined },
      around([lockFiles], { facts: { context: ['package.json'] } }),
    );
    expect(plan.ok && plan.value.refusals[0]?.settle).toBe('npm install --package-lock-only');
  });
});

test('freeze-archives: in front of the first use of apt, where it is asked for', async () => {
  const text = 'FROM a\nRUN echo\nRUN apt-get update\nRUN apt-get install -y curl\n';
  expect((await fixed(freezeArchives, text)).ids).toEqual([]);
  const found = await fixed(freezeArchives, text, { options: { freeze: '20261124T000000Z' } });
  const [, , added = '', ...rest] = found.text.split('\n');
  expect(added).toMatch(
    /^RUN find \/etc\/apt .*snapshot\.debian\.org\/archive\/debian\/20261124T000000Z\//,
  );
  expect(rest.join('\n')).toBe('RUN apt-get update\nRUN apt-get install -y curl\n');
  expect(found.again).toEqual([]);
  expect((await fixed(pinPackages, found.text, { facts: FACTS })).ids).toEqual([]);
});
