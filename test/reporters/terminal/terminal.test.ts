import { describe, expect, test } from 'vitest';
import { terminalReport } from '../../../src/reporters/terminal/terminal.ts';
import { textWidth } from '../../../src/reporters/terminal/text-width.ts';
import { sampleFacts, sampleScorecard, twoPlatforms } from '../sample-scorecard.ts';

const PLAIN = { color: false, unicode: true };
const linesOf = (text: string) => text.split('\n');

describe('terminalReport', () => {
  test('shows image, digest, level, vectors, criteria and the next three changes', () => {
    const lines = linesOf(terminalReport(sampleScorecard(), PLAIN));
    expect(lines.slice(0, 2)).toEqual([
      ' registry.example.com/app:1  sha256:' + sampleScorecard().digest.slice(7, 19),
      ' Level 0 None',
    ]);
    expect(lines).toContainEqual(
      ' Minimalism                ███████████████████░░░░░░░░░░░░░░░░░░░  B   2/4',
    );
    expect(lines.filter((line) => /^ {2}[✔✖?–] \d /.test(line))).toHaveLength(23);
    expect(lines.filter((line) => /^ {2}[123]\. /.test(line))).toHaveLength(3);
    expect(lines.find((line) => line.includes('no-shell'))).toMatch(
      /✖ 3 no-shell .*\[waived\] 1 shell: bin\/sh/,
    );
    expect(lines.find((line) => line.includes(' provenance '))).toContain('[self-declared]');
    expect(lines.find((line) => line.includes('reproducible'))).toContain('?');
  });

  test.each([40, 60, 80, 120])('fits into %i columns', (width) => {
    const wide = sampleFacts(
      'opt/世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界/sh',
    );
    for (const card of [sampleScorecard(), sampleScorecard(wide, '世'.repeat(200)), twoPlatforms()])
      for (const unicode of [true, false])
        for (const line of linesOf(terminalReport(card, { width, color: false, unicode })))
          expect(textWidth(line)).toBeLessThanOrEqual(width);
  });

  test('is 80 columns wide where no width is told', () => {
    const widest = Math.max(...linesOf(terminalReport(sampleScorecard(), PLAIN)).map(textWidth));
    expect(widest).toBeLessThanOrEqual(80);
  });

  test('without unicode it is ASCII', () => {
    const text = terminalReport(sampleScorecard(), { color: false, unicode: false });
    expect(text).toMatch(/^[\n\u0020-\u007e]*$/);
    expect(text).toContain('#########....');
  });

  test('colour changes nothing but colour', () => {
    const coloured = terminalReport(sampleScorecard(), { color: true, unicode: true });
    expect(coloured).toContain('\u001b[');
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(terminalReport(sampleScorecard(), PLAIN));
  });

  test('nothing from the image reaches the terminal raw', () => {
    const hostile = 'x\u001b[2J\u0007\u009b31m\u202egnp.\u200b\n\u0000/sh';
    const text = terminalReport(sampleScorecard(sampleFacts(hostile), `a${hostile}`), PLAIN);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u200b]/);
    expect(linesOf(text)).toHaveLength(linesOf(terminalReport(sampleScorecard(), PLAIN)).length);
  });

  test('lists platforms where there are several', () => {
    const text = terminalReport(twoPlatforms(), PLAIN);
    expect(text).toContain('Platforms, the worst counts');
    expect(text).toContain('linux/arm64/v8');
    expect(terminalReport(sampleScorecard(), PLAIN)).not.toContain('Platforms');
  });
});
