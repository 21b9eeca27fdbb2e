import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FIX_RULES } from '../src/criteria/catalogue.ts';

test('docs/fix.md has a section about each rule, in order, with the criterion that it serves', () => {
  const [, rules = ''] = readFileSync('docs/fix.md', 'utf8').split('\n## Rules\n');
  const sections = rules.split(/^### /m).slice(1);
  expect(sections.map((text) => /^`([\w-]+)`/.exec(text)?.[1])).toEqual(
    FIX_RULES.map(({ id }) => id),
  );
  const titles = sections.map((text) => /\n\n([^.]+)/.exec(text)?.[1]?.replaceAll('\n', ' '));
  expect(titles).toEqual(FIX_RULES.map(({ title }) => title));
  for (const [i, { criterion }] of FIX_RULES.entries())
    if (criterion !== undefined)
      expect(sections[i]).toMatch(
        new RegExp(`Serves\\s+\\[\`${criterion}\`\\]\\(criteria/${criterion}\\.md\\)`),
      );
});
