import { expect, test } from 'vitest';
import {
  configEvidence,
  fail,
  fileEvidence,
  lineEvidence,
  listed,
  note,
  unknown,
} from '../../src/criteria/criterion.ts';
import { quantity } from '../../src/lib/text.ts';
import { LAYER, link, program, range } from './facts-builder.ts';

test('evidence is bounded, and what is left out is counted', () => {
  const answer = fail(
    'many',
    Array.from({ length: 1000 }, (_, i) => note(String(i))),
  );
  expect(answer.evidence).toHaveLength(201);
  expect(answer.evidence.at(-1)).toEqual(note('and 800 more'));
});

test('an unknown shows its reason as evidence', () => {
  expect(unknown('no key', 'give one')).toEqual({
    outcome: 'unknown',
    summary: 'no key',
    settle: 'give one',
    evidence: [note('no key')],
  });
});

test('a file is shown with layer and size, a link with where it leads', () => {
  expect(fileEvidence(program('bin/x'), 'why')).toEqual({
    kind: 'file',
    path: 'bin/x',
    layer: LAYER,
    size: 1000,
    detail: 'why',
  });
  expect(fileEvidence(link('bin/sh', 'bin/dash'), 'a shell')).toMatchObject({
    detail: 'a shell, points to bin/dash',
  });
});

test('credentials in URLs are masked', () => {
  expect(lineEvidence(range(1), 'git clone https://u:p@h/x')).toMatchObject({
    text: 'git clone https://****@h/x',
  });
  expect(configEvidence('source', 'https://token@h/x')).toMatchObject({
    value: 'https://****@h/x',
  });
});

test('counts and lists', () => {
  expect([
    quantity(1, 'shell'),
    quantity(2, 'shell'),
    quantity(2, 'tool or package', 'tools and packages'),
  ]).toEqual(['1 shell', '2 shells', '2 tools and packages']);
  expect([listed(['a', 'a', 'b']), listed(['a', 'b', 'c', 'd', 'e'])]).toEqual([
    'a, b',
    'a, b, c and 2 more',
  ]);
});
