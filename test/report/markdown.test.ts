import { describe, expect, test } from 'vitest';
import { nextSteps } from '../../src/criteria/next-steps.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { sampleFacts, sampleScorecard } from './sample-scorecard.ts';

describe('markdownReport', () => {
  const text = markdownReport({
    scorecard: sampleScorecard(),
    steps: nextSteps(sampleScorecard()),
  });

  test('has badges, a row for each criterion, suggestions, evidence and waivers', () => {
    expect(text).toContain('![CHPs Score]');
    expect(text.match(/^\| [a-z-]+ \| [1-5] \| /gm)).toHaveLength(23);
    expect(text).toContain(
      '**Level 0 of 5: not on the scale yet** · Grade D, 8 of 23; D over the 22 checked',
    );
    expect(text).toContain('**Minimalism: B (2/4)**');
    expect(text.match(/^[123]\. /gm)).toHaveLength(3);
    expect(text).toContain('`bin/su in layer');
    expect(text).toContain('- no\\-shell: the entry point needs it');
  });

  test('shows what the next level lacks before everything else, and whole commands', () => {
    const lines = text.split('\n');
    const at = lines.indexOf('### For level 1 (Pimiento): 1 to fix');
    expect(lines[at + 4]).toMatch(/^\| ❌ no-secrets \| 1 secret: .* \| .*\|$/);
    expect(lines.indexOf('### Next steps')).toBeGreaterThan(at);
    expect(lines.indexOf('<details><summary>All 23 checks</summary>')).toBeGreaterThan(
      lines.indexOf('### Next steps'),
    );
    expect(text.match(/^[123]\. `scoville [a-z]/gm)).toHaveLength(3);
  });

  test.each([
    [[], '✅ **Gate met: level 2**'],
    [['level 0, at least 2'], '❌ **Gate not met: level 2 is asked for**'],
  ])('the gate comes first: %j', (unmet, line) => {
    const report = { scorecard: sampleScorecard(), gate: { asked: 'level 2', unmet } };
    expect(markdownReport(report).split('\n')[2]).toBe(line);
  });

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
