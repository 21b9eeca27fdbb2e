import { render } from 'ink-testing-library';
import { expect, test } from 'vitest';
import { EditList, Frame, KeyRow, KEYS } from '../../src/fix/pick-screen.tsx';
import { textWidth } from '../../src/report/text-width.ts';
import { marksOf } from '../../src/ui/text.ts';
import { edit } from './edit-fixtures.ts';
import { presser } from './press.ts';

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
        <EditList
          edits={EDITS}
          marks={marks}
          height={height}
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
    render(<KeyRow keys={KEYS.edits} marks={marks} columns={columns} />).lastFrame();
  expect(at(80)).toBe('space pick · a all · enter apply · d, u diff · esc back · ? keys · q end');
  expect(at(40)).toBe('space pick · a all · ? keys · q end');
  expect(at(10)).toBe('? keys · q end');
});
