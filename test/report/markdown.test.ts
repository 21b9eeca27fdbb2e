import { describe, expect, test } from 'vitest';
import { evidenceText } from '../../src/report/evidence.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { code, literal } from '../../src/report/text.ts';
import { EVIDENCE } from './evidence-rows.ts';
import { sampleFacts, sampleScorecard } from './sample-scorecard.ts';

describe('markdownReport', () => {
  test('text from an image is no markup', () => {
    const hostile = 'a|b`c`<img src=x onerror=alert(1)>[x](https://evil.example)\n# h/sh';
    const shown = markdownReport({ scorecard: sampleScorecard(sampleFacts(hostile), '<script>') });
    expect(shown).not.toMatch(/^# h/m);
    expect(shown).not.toContain('<script>');
    const row = shown.split('\n').find((line) => line.startsWith('| no-shell')) ?? '';
    expect(row.replace(/\\./g, '').split('|')).toHaveLength(6);
    expect(row).not.toContain('<img');
    expect(row).not.toMatch(/(?<!\\)\[x/);
  });

  test('mentions, addresses and issue numbers of an image become no links', () => {
    const shown = markdownReport({
      scorecard: sampleScorecard(sampleFacts('@octocat/www.x.io/https://evil.example/#1'), '@a'),
    });
    const rows = shown.split('\n').filter((line) => line.startsWith('|') || line.startsWith('## '));
    expect(rows.join('\n')).not.toMatch(/@\w|https?:\/\/|www\.\w|#\d/);
  });

  test('fits into a comment on GitHub, whatever the evidence', () => {
    const card = sampleScorecard();
    const evidence = Array.from({ length: 500 }, (_, i) => ({
      kind: 'note' as const,
      text: `${i}${'x'.repeat(5000)}`,
    }));
    const criteria = card.criteria.map((one) => ({ ...one, outcome: 'fail' as const, evidence }));
    const text = markdownReport({ scorecard: { ...card, criteria } });
    expect(text.length).toBeLessThan(65_536);
    expect(text).not.toContain('<summary>Evidence');
    expect(text).toContain('### Waived');
  });
});

describe('literal', () => {
  test.each([
    ['usr/bin/x_y', 'usr/bin/x\\_y'],
    ['a|b', 'a\\|b'],
    ['<img src=x>', '&lt;img src=x&gt;'],
    ['[x](y) `z`', '\\[x\\]\\(y\\) \\`z\\`'],
    ['&lt;', '&amp;lt;'],
    ['@octocat', '@<!-- -->octocat'],
    ['me@example.com', 'me@<!-- -->example.com'],
    ['https://evil.example', 'https:<!-- -->//evil.example'],
    ['www.evil.example', 'www.<!-- -->evil.example'],
    ['see #12', 'see \\#<!-- -->12'],
    ['a\n# b\u202e', 'a \\# b\ufffd'],
    ['x'.repeat(400), `${'x'.repeat(299)}…`],
  ])('%j is written %j', (text, written) => {
    expect(literal(text)).toBe(written);
  });
});

describe('code', () => {
  test.each([
    ['plain', '`plain`'],
    ['a`b``c', '``` a`b``c ```'],
    ['`', '`` ` ``'],
    [' spaced ', '`  spaced  `'],
    ['', '(empty)'],
    ['a|b', '`a|b`'],
    ['@octocat', '`@octocat`'],
  ])('%j is written %j', (text, written) => {
    expect(code(text)).toBe(written);
  });

  test('in a table a bar is escaped', () => {
    expect(code('a|b', 'cell')).toBe('`a\\|b`');
  });
});

test.each(EVIDENCE.texts)('%j', (evidence, text) => {
  expect(evidenceText(evidence)).toBe(text);
});
