import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIX_RULES } from '../../src/criteria/catalogue.ts';
import { applyDecided, applyEdit, planEdits, readFixFile } from '../../src/fix/compose.ts';
import { ok, type Result } from '../../src/lib/errors.ts';
import type { BaseImage, FetchedFile, FixFacts, InstalledVersion } from '../../src/model/fix.ts';
import type { Digest } from '../../src/model/reference.ts';
import { cellText, tableRows } from '../fakes/table.ts';
import { around } from './support.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as Digest;
const BASE: BaseImage = {
  config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } },
  passwd: { root: 0, app: 1000 },
  has: (path) => path === 'bin/sh',
  elevated: ['usr/bin/su'],
  packages: [],
};
const VERSIONS: readonly InstalledVersion[] = ['curl', 'git', 'flask', 'tsx'].flatMap((name) =>
  ['deb', 'apk', 'pypi', 'npm'].map((type) => ({ type, name, version: '1.2.3' })),
);
const facts: Partial<FixFacts> = {
  digests: new Map(
    ['docker.io/library/a:1', 'docker.io/library/b:latest', 'docker.io/docker/dockerfile:1'].map(
      (name) => [name, ok(DIGEST)],
    ),
  ),
  bases: new Map<string, Result<BaseImage>>([
    ['docker.io/library/a:1', ok(BASE)],
    ['docker.io/library/b:latest', ok(BASE)],
  ]),
  versions: new Map<number, Result<readonly InstalledVersion[]>>(
    [0, 1, 2, 3].map((stage) => [stage, ok(VERSIONS)]),
  ),
  hashes: new Map<string, Result<FetchedFile>>([
    ['https://x.org/i.sh', ok({ digest: DIGEST, size: 1 })],
    ['https://x.org/t-1.0.0.tgz', ok({ digest: DIGEST, size: 1 })],
  ]),
  context: ['.git', '.env', 'node_modules', 'package-lock.json', 'package.json'],
  repository: 'https://example.com/a/b',
};
const surroundings = around(FIX_RULES, { facts });

/** Instructions as people write them, with what edits must not touch between them. */
const LINES = tableRows('test/criteria/lines.tsv').map(([line = '']) => cellText(line));
const NOISE = [
  '',
  '   ',
  '# a comment',
  '\t# another',
  '# scoville: ignore=pinned-packages we know',
];

const dockerfile = fc
  .record({
    mark: fc.constantFrom('', '\uFEFF'),
    head: fc.constantFrom('', '# syntax=docker/dockerfile:1\n', '# escape=\\\n'),
    from: fc.constantFrom('FROM a:1', 'ARG V=1\nFROM a:$V AS x', 'FROM b'),
    lines: fc.array(fc.tuple(fc.constantFrom(...NOISE), fc.constantFrom(...LINES)), {
      maxLength: 9,
    }),
    eol: fc.constantFrom('\n', '\r\n'),
    last: fc.boolean(),
  })
  .map(({ mark, head, from, lines, eol, last }) => {
    const text = [
      from,
      ...lines.flatMap(([noise, line]) => (noise === '' ? [line] : [noise, line])),
    ].join('\n');
    return mark + `${head}${text}${last ? '\n' : ''}`.replaceAll('\n', eol);
  });

/** Comments, as they stand; the frontend is none, it gets a digest. */
function comments(text: string): readonly string[] {
  return text.split('\n').filter((line) => /^\s*#(?! syntax)/.test(line.replace('\uFEFF', '')));
}

describe('all rules together', () => {
  test('ids are words for a command line, and each rule has its own', () => {
    expect(FIX_RULES.map(({ id }) => id).filter((id) => !/^[a-z]+(?:-[a-z]+)*$/.test(id))).toEqual(
      [],
    );
    expect(new Set(FIX_RULES.map(({ id }) => id)).size).toBe(FIX_RULES.length);
  });

  test('what comes out is read, a second run has nothing to do, and comments and line ends stay', async () => {
    await fc.assert(
      fc.asyncProperty(dockerfile, async (text) => {
        const files = { dockerfile: text, ignoreFile: undefined };
        const settled = await applyDecided(files, surroundings, () => 'apply');
        if (!readFixFile(text, surroundings).ok) {
          expect(settled.ok).toBe(false);
          return;
        }
        if (!settled.ok) throw new Error(settled.error.message);
        const after = settled.value.files;
        expect(
          settled.value.refusals.filter(({ reason }) => reason.includes('cannot be applied')),
        ).toEqual([]);
        expect(readFixFile(after.dockerfile, surroundings).ok).toBe(true);
        const again = planEdits(after, surroundings);
        expect(again.ok && again.value.edits.map(({ id }) => id)).toEqual([]);
        const before = comments(text);
        const kept = comments(after.dockerfile).filter((line) => before.includes(line));
        expect(kept).toEqual(before);
        expect(after.dockerfile.startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'));
        if (text.includes('\r\n'))
          expect(after.dockerfile.replaceAll('\r\n', '')).not.toContain('\n');
        else expect(after.dockerfile).not.toContain('\r');
        expect(after.dockerfile.endsWith('\n')).toBe(text.endsWith('\n'));
      }),
      { numRuns: 60 },
    );
  });

  test('an edit changes nothing outside of its stretches', () => {
    fc.assert(
      fc.property(dockerfile, (text) => {
        const plan = planEdits({ dockerfile: text, ignoreFile: undefined }, surroundings);
        if (!plan.ok) return;
        for (const { edits, file } of plan.value.edits) {
          if (file !== 'Dockerfile') continue;
          for (const { start, end } of edits) {
            expect(start).toBeGreaterThanOrEqual(0);
            expect(end).toBeGreaterThanOrEqual(start);
            expect(end).toBeLessThanOrEqual(text.length);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('line ends, a byte order mark, a missing last one and the escape sign change no edit', async () => {
    const fixed = async (text: string): Promise<string> => {
      const settled = await applyDecided(
        { dockerfile: text, ignoreFile: undefined },
        surroundings,
        () => 'apply',
      );
      return settled.ok ? settled.value.files.dockerfile : 'no Dockerfile';
    };
    const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
    const tick = (text: string): string => text.replace(/\\$/gm, '`');
    await fc.assert(
      fc.asyncProperty(dockerfile, async (any) => {
        const text = any.replaceAll('\r\n', '\n').replace('\uFEFF', '').replace(/\n?$/, '\n');
        const after = await fixed(text);
        fc.pre(after !== 'no Dockerfile');
        expect(await fixed(crlf(text))).toBe(crlf(after));
        expect(await fixed(`\uFEFF${text}`)).toBe(`\uFEFF${after}`);
        expect(`${await fixed(text.slice(0, -1))}\n`).toBe(after);
        // The sign is that of Windows, where CMD in shell form is left alone.
        if (!/^# (?:escape|syntax)|<<|^(?:HEALTHCHECK )?(?:CMD|ENTRYPOINT) [^[]/m.test(text))
          expect(await fixed(`# escape=\`\n${tick(text)}`)).toBe(`# escape=\`\n${tick(after)}`);
      }),
      { numRuns: 60 },
    );
  });

  test('of mixed line ends, and of whatever stands outside of edits, each byte stays', () => {
    fc.assert(
      fc.property(dockerfile, fc.array(fc.boolean(), { maxLength: 30 }), (any, mix) => {
        let at = 0;
        const text = any
          .replaceAll('\r\n', '\n')
          .replaceAll('\n', () => (mix[at++ % Math.max(1, mix.length)] === true ? '\r\n' : '\n'));
        const files = { dockerfile: text, ignoreFile: undefined };
        const plan = planEdits(files, surroundings);
        if (!plan.ok) return;
        for (const edit of plan.value.edits.filter(({ file }) => file === 'Dockerfile')) {
          const after = applyEdit(files, edit, surroundings);
          if (!after.ok) continue;
          // What is left of both texts without the stretches is the same.
          let left = after.value.dockerfile;
          for (const { start, end, text: put } of [...edit.edits].sort(
            (a, b) => a.start - b.start,
          )) {
            expect(left.slice(start, start + put.length)).toBe(put);
            left = left.slice(0, start) + text.slice(start, end) + left.slice(start + put.length);
          }
          expect(left).toBe(text);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('no rule throws on any text that is a Dockerfile', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...LINES, '\\', '"', "'", '$(', '<<E', '|', '&&'), {
          maxLength: 8,
        }),
        (lines) => {
          planEdits({ dockerfile: `FROM a:1\n${lines.join(' \n')}`, ignoreFile: '' }, surroundings);
        },
      ),
      { numRuns: 100 },
    );
  });
});
