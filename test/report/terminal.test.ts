import { describe, expect, test } from 'vitest';
import { nextSteps } from '../../src/criteria/next-steps.ts';
import { terminalReport } from '../../src/report/terminal.ts';
import { textWidth } from '../../src/report/text-width.ts';
import { sampleFacts, sampleScorecard, twoPlatforms } from './sample-scorecard.ts';

const PLAIN = { color: false, unicode: true };
const EDITS = {
  text: '7 edits',
  criteria: ['nonroot-user', 'no-secrets'],
  command: 'scoville fix app',
};
const linesOf = (text: string) => text.split('\n');

function reportOf(scorecard = sampleScorecard(), edits: typeof EDITS | null = EDITS) {
  return { scorecard, steps: nextSteps(scorecard, { ready: edits === null ? [] : [edits] }) };
}

describe('terminalReport', () => {
  const lines = linesOf(terminalReport(reportOf(), PLAIN));

  test('begins with the image, the level, and the grade over all and over what was checked', () => {
    expect(lines.slice(0, 5)).toEqual([
      ` registry.example.com/app:1                                 sha256:${sampleScorecard().digest.slice(7, 19)}`,
      '',
      ' Level 0 of 5: not on the scale yet     Grade D, 8 of 23; D over the 22 checked',
      ' Minimalism 2/4  Provenance 3/9  Configuration 1/6  Vulnerabilities 2/4',
      '',
    ]);
  });

  test('shows what the next level lacks, with its place, and counts what is further away', () => {
    const first = lines.indexOf(' For level 1 (Pimiento): 1 to fix');
    expect(lines.slice(first + 1, first + 5)).toEqual([
      ' ✖ no-secrets           1 secret: private-key in root/id_rsa',
      '',
      ' For level 2 (Jalapeno): 4 more to fix',
      ' ✖ no-build-tooling     2 tools and packages: gcc-12,      /usr/bin/gcc-12',
    ]);
    expect(lines.filter((line) => /^ Levels? \d.* failed.*Passed: \d+\.$/.test(line))).toHaveLength(
      1,
    );
    expect(lines.filter((line) => / ✔ /.test(line))).toEqual([]);
  });

  test('ends with at most three steps, each with what it gains', () => {
    const at = lines.indexOf(' Next steps');
    expect(lines[at + 1]).toBe(
      ' 1. scoville fix app                                 7 edits: +1 point, level 1',
    );
    expect(lines.slice(at).filter((line) => /^ \d\. /.test(line))).toHaveLength(3);
  });

  test('without edits at hand nothing names scoville fix', () => {
    expect(terminalReport(reportOf(sampleScorecard(), null), PLAIN)).not.toContain('scoville fix');
  });

  test('names a reason once, however many checks share it', () => {
    const scorecard = sampleScorecard();
    const criteria = scorecard.criteria.map((one) =>
      one.vector === 'vulnerabilities'
        ? { ...one, outcome: 'unknown' as const, summary: 'no scan', settle: 'scan IMAGE' }
        : one,
    );
    const text = terminalReport(reportOf({ ...scorecard, criteria }), PLAIN);
    expect(text.match(/no scan/g)).toEqual(['no scan']);
    expect(text).toContain(' ? no-critical +3       no scan');
    expect(text).toContain('Vulnerabilities not checked');
  });

  test('verbose: every check on a line, waivers and what the publisher says of itself marked', () => {
    const all = linesOf(terminalReport(reportOf(), { ...PLAIN, verbose: true }));
    expect(all.filter((line) => /^ {2}[✔✖?–] \d /.test(line))).toHaveLength(23);
    expect(all.find((line) => / 3 no-shell/.test(line))).toMatch(
      /✖ 3 no-shell .*\[waived\] 1 shell: bin\/sh/,
    );
    expect(all.find((line) => line.includes(' provenance '))).toContain('[self-declared]');
  });

  test('unchanged: one line, unless every check is asked for', () => {
    const report = { ...reportOf(), unchanged: true };
    expect(terminalReport(report, { ...PLAIN, width: 100 })).toBe(
      ` ✔ registry.example.com/app:1  sha256:${sampleScorecard().digest.slice(7, 19)}  level 0, grade D (unchanged)\n`,
    );
    expect(linesOf(terminalReport(report, { ...PLAIN, verbose: true })).length).toBeGreaterThan(23);
  });

  test('unchanged: doubts about the evidence and trust from files are still shown', () => {
    const file = '/clone/.scoville.yaml';
    const scorecard = {
      ...sampleScorecard(),
      notices: ['the provenance statements disagree'],
      trust: [{ setting: 'trust.images', source: 'project', file, isTrust: true } as const],
    };
    const text = terminalReport({ ...reportOf(scorecard), unchanged: true }, PLAIN);
    expect(linesOf(text).slice(1)).toEqual([
      '',
      ' About the evidence',
      '  the provenance statements disagree',
      '',
      ' Trust settings from files',
      '  trust.images: .scoville.yaml (the project’s)',
      '',
    ]);
  });

  test.each([40, 60, 80, 120])('fits into %i columns', (width) => {
    const wide = sampleFacts(
      'opt/世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界/sh',
    );
    for (const card of [sampleScorecard(), sampleScorecard(wide, '世'.repeat(200)), twoPlatforms()])
      for (const unicode of [true, false])
        for (const unchanged of [true, false]) {
          // A command is never cut: it is there to be pasted.
          const report = { ...reportOf(card), steps: [], unchanged };
          for (const line of linesOf(terminalReport(report, { width, color: false, unicode })))
            expect(textWidth(line)).toBeLessThanOrEqual(width);
        }
  });

  test('is 80 columns wide where no width is given', () => {
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(80);
  });

  test('a wide terminal has bars and the step that helps', () => {
    const text = terminalReport(reportOf(), { ...PLAIN, width: 120 });
    expect(text).toContain('Minimalism ████░░░░ 2/4');
    expect(text).toMatch(/✖ no-secrets .* step 1$/m);
  });

  test('without unicode it is ASCII', () => {
    const text = terminalReport(reportOf(), { color: false, unicode: false, width: 120 });
    expect(text).toMatch(/^[\n\u0020-\u007e]*$/);
    expect(text).toContain('####....');
  });

  test('color changes nothing but color', () => {
    const colored = terminalReport(reportOf(), { color: true, unicode: true });
    expect(colored).toContain('\u001b[');
    expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(terminalReport(reportOf(), PLAIN));
  });

  test('nothing from the image reaches the terminal raw', () => {
    const hostile = 'x\u001b[2J\u0007\u009b31m\u202egnp.\u200b\n\u0000/sh';
    const card = sampleScorecard(sampleFacts(hostile), `a${hostile}`);
    for (const verbose of [true, false])
      expect(terminalReport(reportOf(card), { ...PLAIN, verbose })).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u200b]/,
      );
  });

  test('lists platforms where there are several', () => {
    const text = terminalReport({ scorecard: twoPlatforms() }, PLAIN);
    expect(text).toContain('Platforms (the worst one counts)');
    expect(text).toContain('linux/arm64/v8');
    expect(terminalReport(reportOf(), PLAIN)).not.toContain('Platforms');
  });
});
