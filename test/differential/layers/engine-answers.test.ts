import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { differences } from './compare-answers.ts';
import { ISSUE_STACKS } from './issue-stacks.ts';
import { ourAnswer } from './our-tree.ts';
import type { EngineAnswers } from './seen-tree.ts';

/**
 * What Docker 26.1's two stores answered (`test/e2e/differential.e2e.test.ts` asks those that run).
 */
const ANSWERS = JSON.parse(
  readFileSync(join(import.meta.dirname, 'engine-answers.json'), 'utf8'),
) as Readonly<Record<string, EngineAnswers>>;

describe('layers are read as the stores unpacked them', () => {
  test.each(Object.entries(ISSUE_STACKS))('%s', async (name, stack) => {
    const answers = ANSWERS[name];
    expect(answers).toBeDefined();
    if (answers !== undefined) expect(differences(await ourAnswer(stack), answers)).toEqual([]);
  });

  test('both stores were asked about every one', () => {
    expect(Object.keys(ANSWERS).sort()).toEqual(Object.keys(ISSUE_STACKS).sort());
    for (const answers of Object.values(ANSWERS))
      expect([answers.containerd, answers.overlay2]).not.toContain(undefined);
  });
});
