import { render } from 'ink-testing-library';
import { expect, test } from 'vitest';
import { textWidth } from '../../src/reporters/terminal/text-width.ts';
import { CardScreen } from '../../src/ui/card-view.tsx';
import { EditsScreen } from '../../src/ui/edits-view.tsx';
import { FindingScreen } from '../../src/ui/finding-view.tsx';
import { Frame } from '../../src/ui/frame.tsx';
import { KeyRow, KEYS } from '../../src/ui/keys.tsx';
import { marksOf } from '../../src/ui/marks.ts';
import { presser } from './press.ts';
import { CARD, edit, finding } from './review-fixtures.ts';

const marks = marksOf(true);
const nothing = (): void => undefined;
const fixed = <T,>(value: T) => ({ shown: value, now: () => value, set: nothing });
const LONG = 'a reason of more than one row, '.repeat(5).trim();
const EDITS = Array.from({ length: 9 }, (_, i) => ({
  ...edit(`e${i}`),
  title: `Edit ${i}`,
  why: `why ${LONG}`,
  risk: `low: ${LONG}`,
  diff: Array.from({ length: 30 }, (__, row) => `+row ${row}`).join('\n'),
}));

function editsAt(height: number) {
  const { stdin, lastFrame } = render(
    <Frame keys={KEYS.edits} marks={marks} message="" onEnd={nothing} onInterrupt={nothing}>
      {() => (
        <EditsScreen
          edits={EDITS}
          marks={marks}
          height={height}
          isActive
          chosen={fixed(new Set<string>())}
          worth={() => undefined}
          onApply={nothing}
          onBack={nothing}
        />
      )}
    </Frame>,
  );
  return presser({ stdin, lastFrame });
}

/** The rows that begin as asked, without what stands in front. */
const rowsOf = (text: string, pattern: RegExp): readonly string[] =>
  text.split('\n').flatMap((row) => pattern.exec(row)?.[0] ?? []);

test('edits: every row of the list is there, whatever the reasons need, and the diff has what is left', async () => {
  const press = editsAt(21);
  const text = await press();
  expect(rowsOf(text, /Edit \d/)).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `Edit ${i}`));
  expect(rowsOf(text, /^(?:why|risk|gain):/)).toEqual(['why:', 'risk:', 'gain:']);
  expect(rowsOf(text, /^\+row \d+/)).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `+row ${i}`));
  const scrolled = await press('d', 'd', 'd', 'd', 'd');
  expect(rowsOf(scrolled, /^\+row \d+/).at(-1)).toBe('+row 29');
});

test('edits on a low screen: reasons take a row each, and list and diff stay', async () => {
  const text = await editsAt(7)();
  expect(text.split('\n').slice(0, 7)).toEqual([
    'Edits of the Dockerfile: 0 of 9 picked',
    '❯ ○ Edit 0',
    '  ○ Edit 1',
    expect.stringMatching(/^risk: low: a reason .*…$/),
    'gain: 1 point, grade A, level 2',
    '+row 0',
    '+row 1',
  ]);
});

test('a finding that does not fit is scrolled to its last row, and says where one is', async () => {
  const { stdin, lastFrame } = render(
    <FindingScreen
      finding={finding('x', {
        summary: LONG,
        evidence: Array.from({ length: 12 }, (_, i) => `place ${i}`),
        remedies: [{ title: 'Mend it', detail: LONG, example: 'one\ntwo\nthree\nfour' }],
      })}
      marks={marks}
      height={8}
      isActive
      onStep={nothing}
      onBack={nothing}
    />,
  );
  const press = presser({ stdin, lastFrame });
  const text = await press();
  expect(text).toMatch(/^Title of x\nx, level 2, Minimalism\n✖ fail: a reason/);
  expect(text).toMatch(/\nrows 1 to 7 of 27$/);
  expect(await press(' ')).toMatch(
    /\none\ntwo\nthree\nfour\nmore: scoville explain x\n\nrows 8 to 14 of 27$/,
  );
  expect(await press(' ', ' ')).toMatch(/· place 11\nrows 21 to 27 of 27$/);
  expect(await press('k')).toMatch(/· place 10\nrows 20 to 26 of 27$/);
});

test('the scorecard on a low screen keeps level and grade, and the findings have the rest', () => {
  const { lastFrame } = render(
    <CardScreen
      card={CARD}
      marks={marks}
      columns={40}
      height={7}
      selected={fixed(0)}
      all={fixed(false)}
      isActive
      onOpen={nothing}
    />,
  );
  const rows = (lastFrame() ?? '').split('\n');
  expect(rows).toHaveLength(7);
  expect(rows[1]).toContain('Level 1 of 5: Pimiento  Grade B, 10 of 20');
  expect(rows[3]).toContain('no-shell');
});

test.each(['', 'a'])(
  'no row is wider than the terminal, where a text is cut inside a wide character too: %j',
  (begin) => {
    const { lastFrame, stdout } = render(
      <Frame
        keys={[]}
        marks={marks}
        message={begin + '日本語'.repeat(40)}
        onEnd={nothing}
        onInterrupt={nothing}
      >
        {() => null}
      </Frame>,
    );
    const row = (lastFrame() ?? '').split('\n').find((text) => text.includes('日本語')) ?? '';
    expect(row).toContain('…');
    expect(textWidth(row)).toBeLessThanOrEqual(stdout.columns);
  },
);

test('keys that have no room give way, but never the one that shows them all', () => {
  const at = (columns: number) =>
    render(<KeyRow keys={KEYS.edits} ends marks={marks} columns={columns} />).lastFrame();
  expect(at(80)).toBe('space pick · a all · enter apply · d, u diff · esc back · ? keys · q end');
  expect(at(40)).toBe('space pick · a all · ? keys · q end');
  expect(at(10)).toBe('? keys · q end');
});
