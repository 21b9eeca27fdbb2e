import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTemplates } from '../../src/pipeline/load-templates.ts';
import { output, ROOT, Scoville } from './harness.ts';
import { TEMPLATE_CASES } from './template-cases.ts';
import { type Trial, tryTemplate } from './template-trial.ts';
import { dockerfilesOf, templateRow, withTable } from './templates-table.ts';

const PAGE = join(ROOT, 'docs/templates.md');
const scoville = new Scoville();
const trials = new Map<string, Trial>();

beforeAll(async () => {
  const names = new Set(TEMPLATE_CASES.flatMap(({ bases }) => Object.values(bases)));
  await output('bash', [join(ROOT, 'scripts/engine.sh'), 'stacks', ...names]);
}, 1_200_000);
afterAll(() => scoville.remove());

describe('a project of each stack, from scoville init to an answer', () => {
  test.each(TEMPLATE_CASES)('$dockerfile', async (tried) => {
    const trial = await tryTemplate(scoville, tried);
    trials.set(tried.dockerfile, trial);
    expect(trial.differences).toBe('');
    expect(trial).toMatchObject({
      answer: tried.answer,
      isHealthy: true,
      noticesSilence: true,
      isReproducible: true,
      short: ['security-profile'],
      level: 4,
    });
  });

  test('is what docs/templates.md says', async () => {
    const { templates } = await loadTemplates(join(ROOT, 'templates'));
    const rows = dockerfilesOf(templates).map(({ template, from }) =>
      templateRow(template, from, trials.get(from)),
    );
    const page = withTable(readFileSync(PAGE, 'utf8'), rows);
    // npm run templates
    if (process.env['SCOVILLE_WRITE_TEMPLATES'] === '1') writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, 'utf8')).toBe(page);
  });
});
