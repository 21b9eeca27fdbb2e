import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { output, ROOT, Scoville } from './harness.ts';
import { TEMPLATE_CASES } from './template-cases.ts';
import { tryTemplate } from './template-trial.ts';

const scoville = new Scoville();

beforeAll(async () => {
  const names = new Set(TEMPLATE_CASES.flatMap(({ bases }) => Object.values(bases)));
  await output('bash', [join(ROOT, 'scripts/engine.sh'), 'stacks', ...names]);
}, 1_200_000);
afterAll(() => scoville.remove());

describe('a project of each stack, from scoville init to an answer', () => {
  test.each(TEMPLATE_CASES)('$name', async (tried) => {
    const trial = await tryTemplate(scoville, tried);
    expect(trial.stderr).toBe('');
    expect(trial).toMatchObject({
      answer: tried.answer,
      isHealthy: true,
      noticesSilence: true,
      isReproducible: true,
      short: ['security-profile'],
      level: 4,
    });
  });
});
