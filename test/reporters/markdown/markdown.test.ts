import { describe, expect, test } from 'vitest';
import { markdownReport } from '../../../src/reporters/markdown/markdown.ts';
import { sampleFacts, sampleScorecard } from '../sample-scorecard.ts';

describe('markdownReport', () => {
  const text = markdownReport(sampleScorecard());

  test('has badges, a row for each criterion, suggestions, evidence and waivers', () => {
    expect(text).toContain('![CHPs Score]');
    expect(text.match(/^\| [a-z-]+ \| [1-5] \| /gm)).toHaveLength(23);
    expect(text).toContain('Level 0 (None), grade D, 8 of 23 criteria');
    expect(text).toContain('### Minimalism: B (2/4)');
    expect(text.match(/^[123]\. /gm)).toHaveLength(3);
    expect(text).toContain('`bin/su in layer');
    expect(text).toContain('- no\\-shell: the entry point needs it');
  });

  test('text from an image is no markup', () => {
    const hostile = 'a|b`c`<img src=x onerror=alert(1)>[x](https://evil.example)\n# h/sh';
    const shown = markdownReport(sampleScorecard(sampleFacts(hostile), '<script>'));
    expect(shown).not.toMatch(/^# h/m);
    expect(shown).not.toContain('<script>');
    const row = shown.split('\n').find((line) => line.startsWith('| no-shell')) ?? '';
    expect(row.replace(/\\./g, '').split('|')).toHaveLength(6);
    expect(row).not.toContain('<img');
    expect(row).not.toMatch(/(?<!\\)\[x/);
  });

  test('mentions, addresses and issue numbers of an image become no links', () => {
    const shown = markdownReport(
      sampleScorecard(sampleFacts('@octocat/www.x.io/https://evil.example/#1'), '@a'),
    );
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
    const text = markdownReport({ ...card, criteria });
    expect(text.length).toBeLessThan(65_536);
    expect(text).not.toContain('<details>');
    expect(text).toContain('### Waived');
  });
});
