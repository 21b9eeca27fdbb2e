import { describe, expect, test } from 'vitest';
import { markdownReport } from '../../src/report/markdown.ts';
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
