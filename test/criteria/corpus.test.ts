import { describe, expect, test } from 'vitest';
import { FIX_RULES } from '../../src/criteria/catalogue.ts';
import { applyDecided, planEdits } from '../../src/fix/compose.ts';
import { ok, type Result } from '../../src/lib/errors.ts';
import { type BaseImage, isWithin } from '../../src/model/fix.ts';
import type { Digest } from '../../src/model/reference.ts';
import { yamlTable } from '../fakes/table.ts';
import { withBase } from './bases.ts';
import { around, DISTROLESS } from './support.ts';

interface CorpusCase {
  readonly name: string;
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Ids of the edits that the default applies; those of `HARMLESS` aside. */
  readonly applies?: readonly string[];
  /** Of `--max-risk medium`: rules that must not offer an edit. */
  readonly never?: readonly string[];
}

/** Rules whose edits change nothing that runs. */
const HARMLESS: readonly string[] = ['pin-images', 'package-caches', 'maintainer', 'source-label'];

const DIGEST = `sha256:${'b'.repeat(64)}` as Digest;
/** Official images with their entry points, as far as these cases stand on them. */
const BASES: Readonly<Record<string, Parameters<typeof withBase>[0]>> = {
  'debian:trixie': {},
  'debian:trixie-slim': {},
  'gcc:14': {},
  'golang:1.24': {},
  'node:22': { entrypoint: ['docker-entrypoint.sh'] },
  'node:22-slim': { entrypoint: ['docker-entrypoint.sh'] },
  'php:8.4-apache': { entrypoint: ['docker-php-entrypoint'] },
  'postgres:17': { entrypoint: ['docker-entrypoint.sh'], passwd: { root: 0, postgres: 999 } },
  'python:3.13': {},
  'redis:8': { entrypoint: ['docker-entrypoint.sh'], passwd: { root: 0, redis: 999 } },
};
const ELEVATED = ['usr/bin/su', 'usr/bin/passwd', 'usr/bin/mount'];

function surroundings({ files = {} }: CorpusCase) {
  const bases = Object.entries(BASES).flatMap(([name, more]): [string, Result<BaseImage>][] => {
    const [base] = withBase({ elevated: ELEVATED, ...more }).facts.bases?.values() ?? [];
    return base === undefined ? [] : [[`docker.io/library/${name}`, base]];
  });
  const names = [...Object.keys(BASES), 'docker/dockerfile:1.0'];
  return around(FIX_RULES, {
    files,
    facts: {
      bases: new Map(bases),
      digests: new Map([
        ...DISTROLESS,
        ...names.map((name): [string, Result<Digest>] => [`docker.io/library/${name}`, ok(DIGEST)]),
      ]),
      context: Object.keys(files).sort(),
      repository: 'https://example.org/app',
      hashes: new Map([['https://example.org/tool-1.2.3.tar.gz', ok({ digest: DIGEST, size: 1 })]]),
    },
  });
}

const ruleOf = (id: string): string => id.split(':')[0] ?? '';

const CORPUS = yamlTable('test/criteria/corpus.yaml') as Record<string, readonly CorpusCase[]>;

describe.each(Object.entries(CORPUS))('images that %s', (_, cases) => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const files = { dockerfile: one.dockerfile, ignoreFile: undefined };
    const given = surroundings(one);
    const settled = await applyDecided(files, given, ({ risk }) =>
      isWithin(risk, 'low') ? 'apply' : 'skip',
    );
    if (!settled.ok) throw new Error(settled.error.message);
    const applied = settled.value.applied.map(({ id }) => id);
    expect(applied.filter((id) => !HARMLESS.includes(ruleOf(id)))).toEqual(one.applies ?? []);
    const offered = planEdits(files, given);
    if (!offered.ok) throw new Error(offered.error.message);
    const rules = offered.value.edits.map(({ rule }) => rule);
    expect(rules.filter((rule) => one.never?.includes(rule))).toEqual([]);
    const again = planEdits(settled.value.files, given);
    if (!again.ok) throw new Error(again.error.message);
    expect(again.value.edits.filter(({ risk }) => isWithin(risk, 'low'))).toEqual([]);
  });
});
