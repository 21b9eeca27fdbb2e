import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadTemplates } from '../../src/init/manifest.ts';
import { bases, output, pinned, ROOT } from './harness.ts';
import { rows } from './rows.ts';
import { TEMPLATE_CASES } from './template-cases.ts';
import { fillDatabase, type Trial, tryTemplate } from './template-trial.ts';
import { dockerfilesOf, rowOnPage, templateRow, withTable } from './templates-table.ts';
import { scovilleHere } from './workplace.ts';

const PAGE = join(ROOT, 'docs/templates.md');
const scoville = scovilleHere();
/** Of another machine: nothing is in it but what the registry and the key say. */
const reader = scovilleHere();
const trials = new Map<string, Trial>();
/** npm run templates */
const writesPage = process.env['SCOVILLE_WRITE_TEMPLATES'] === '1';
const light = TEMPLATE_CASES.filter(({ isHeavy }) => writesPage || isHeavy !== true);
const cases = writesPage ? light : rows(light, ({ fixture }) => fixture === 'node');

beforeAll(async () => {
  const names = new Set(cases.flatMap(({ bases }) => Object.values(bases)));
  await output('bash', [join(ROOT, 'scripts/engine.sh'), 'stacks', ...names]);
  await fillDatabase(scoville);
}, 1_200_000);

describe('a project of each stack, from scoville init to an answer', () => {
  test.each(cases)(
    '$dockerfile',
    async (tried) => {
      const trial = await tryTemplate(scoville, reader, tried);
      trials.set(tried.dockerfile, trial);
      expect(trial.differences).toBe('');
      expect(trial).toMatchObject({
        answer: tried.answer,
        isHealthy: true,
        noticesSilence: true,
        isReproducible: true,
        short: tried.short ?? [],
        level: tried.level ?? 5,
        isVerified: true,
      });
      // Go's own library is compiled where the cache has none yet, which takes a busy machine
      // minutes.
    },
    1_200_000,
  );

  test('is what docs/templates.md says', async () => {
    const { templates } = await loadTemplates(join(ROOT, 'templates'));
    const before = readFileSync(PAGE, 'utf8');
    const isLeft = (from: string): boolean =>
      TEMPLATE_CASES.some(({ dockerfile }) => dockerfile === from) && !trials.has(from);
    const rows = dockerfilesOf(templates).map(
      ({ template, from }) =>
        (isLeft(from) ? rowOnPage(before, template, from) : undefined) ??
        templateRow(template, from, trials.get(from)),
    );
    const page = withTable(before, rows);
    if (writesPage) writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, 'utf8')).toBe(page);
  });
});

test('bases are pinned to the digests that a registry tells', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-init-'));
  try {
    cpSync(join(ROOT, 'test/fixtures/init/node'), folder, { recursive: true });
    const given = [`base.build=${bases.node}`, `base.runtime=${bases.nodeDistroless}`];
    const flags = given.flatMap((base) => ['--set', base]);
    await scoville.expect(0, ['init', '--yes', ...flags, folder]);
    const dockerfile = readFileSync(join(folder, 'Dockerfile'), 'utf8');
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual([
      await pinned(bases.node),
      await pinned(bases.nodeDistroless),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
