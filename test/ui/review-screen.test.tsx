import { render } from 'ink-testing-library';
import { expect, test, vi } from 'vitest';
import { marksOf } from '../../src/ui/marks.ts';
import type { ReviewWork } from '../../src/ui/review-model.ts';
import { ReviewScreen } from '../../src/ui/review-screen.tsx';
import { presser } from './press.ts';
import { CARD, edit, finding, recordedWork } from './review-fixtures.ts';

const ENTER = '\r';
const ESCAPE = '\u001b';
const DOWN = '\u001b[B';

function opened(more: Partial<ReviewWork> = {}, card = CARD, start: 'card' | 'edits' = 'card') {
  const { work, asked } = recordedWork(more);
  const ends: string[] = [];
  const { stdin, lastFrame } = render(
    <ReviewScreen
      card={card}
      work={work}
      marks={marksOf(true)}
      start={start}
      onEnd={() => ends.push('end')}
      onInterrupt={() => ends.push('interrupt')}
    />,
  );
  const shown = (): string => lastFrame() ?? '';
  const press = presser({ stdin, lastFrame });
  return { press, shown, asked, ends };
}

/** Waits until the edits have been looked for. */
async function lookedFor(shown: () => string): Promise<void> {
  await vi.waitFor(
    () => {
      expect(shown()).toContain('0 of 2 picked');
    },
    { timeout: 10_000 },
  );
}

test('opens on the scorecard: level, grade, bars, what changed, and the findings', async () => {
  const { press } = opened();
  const text = await press();
  expect(text).toContain(
    'Level 1 of 5: Pimiento  Grade B, 10 of 20  (last build: level 2, grade A)',
  );
  expect(text).toMatch(/Minimalism +█{10}░{30} {2}D {2}1\/4 -1/);
  expect(text).toContain(
    'For level 2 (Jalapeno): 2 to fix\n❯ ✖ no-shell               [was pass] no-shell is not met',
  );
  expect(text.split('\n')).toHaveLength(23);
});

test('findings open one by one, with evidence and what to do', async () => {
  const { press } = opened();
  expect(await press(DOWN, ENTER)).toContain('· nonroot-user: second');
  expect(await press('p')).toContain('no-shell is not met');
  expect(await press('n', 'n')).toContain('nonroot-user is not met');
  expect(await press(ESCAPE)).toContain('Level 1 of 5: Pimiento');
});

test('what passed is counted, and shown and opened once it is asked for', async () => {
  const { press } = opened();
  const text = await press();
  expect(text).toContain('Passed: 1.\nNext steps\n  scoville fix  2 edits are ready: +2 points');
  expect(text).not.toContain('✔ sbom');
  expect(await press('v', DOWN, DOWN)).toContain('❯ ✔ sbom');
  expect(await press(ENTER)).toContain('✔ pass: there');
});

test('edits are picked, applied after a question, and the grade moves', async () => {
  const { press, asked } = opened();
  expect(await press('f')).toContain('Edits of the Dockerfile: 0 of 2 picked');
  expect(await press(DOWN, ' ')).toContain('❯ ◉ Title of two');
  const preview = await press();
  expect(preview).toContain('+USER two');
  expect(preview).toContain('gain: 1 point, grade A, level 2');
  expect(await press(ENTER)).toContain('Write this edit to the Dockerfile?');
  expect(asked).toEqual([]);
  const after = await press('y');
  expect(asked).toEqual(['apply two', 'rebuild']);
  expect(after).toContain('built again: +6 points, grade B -> A, level 1 -> 2');
});

test('a no writes nothing, and w writes without a build', async () => {
  const { press, shown, asked } = opened({}, CARD, 'edits');
  await lookedFor(shown);
  expect(await press('a', ENTER)).toContain('Write these 2 edits');
  expect(await press('n')).toContain('2 of 2 picked');
  expect(await press(ENTER, 'w')).toContain('written: Dockerfile');
  expect(asked).toEqual(['apply one two']);
});

test('nothing is applied where nothing is picked', async () => {
  const { press, shown, asked } = opened({}, CARD, 'edits');
  await lookedFor(shown);
  expect(await press(ENTER)).toContain('nothing is picked');
  expect(asked).toEqual([]);
});

test.each([
  ['edits', { edits: () => Promise.reject(new Error('no Dockerfile')) }, ['f'], 'no Dockerfile'],
  [
    'apply',
    { apply: () => Promise.reject(new Error('read only')) },
    ['f', ' ', ENTER, 'y'],
    'read only',
  ],
  [
    'rebuild',
    { rebuild: () => Promise.resolve({ failed: ['step 3', 'exit code 1'] }) },
    ['f', ' ', ENTER, 'y'],
    'exit code 1',
  ],
])(
  'a failure of %s is shown whole, and the scorecard stays behind it',
  async (_name, more, keys, said) => {
    const { press } = opened(more);
    expect(await press(...keys)).toContain(said);
    expect(await press(ESCAPE)).toContain('Level 1 of 5: Pimiento');
  },
);

test('a long reason of a failure ends on the screen, and its beginning is scrolled to', async () => {
  const failed = Array.from({ length: 40 }, (_, i) => `line ${i} ${'x'.repeat(150)}`);
  const { press } = opened({ rebuild: () => Promise.resolve({ failed }) });
  const text = await press('f', ' ', ENTER, 'y');
  expect(text).toContain('line 39');
  expect(text).toMatch(/rows \d+ to 81 of 81/);
  const up = Array.from({ length: 6 }, () => '\u001b[5~');
  expect(await press(...up)).toContain('the build failed\nline 0 x');
});

test('? shows the keys, and the next key only goes back', async () => {
  const { press, ends } = opened();
  expect(await press('?')).toMatch(/Keys\n {2}enter +evidence/);
  expect(await press('q')).toContain('Level 1 of 5: Pimiento');
  await press('q');
  expect(ends).toEqual(['end']);
});

test('Ctrl-C stops the command; a build that runs is not left by q', async () => {
  const { press, ends } = opened({ rebuild: () => new Promise(() => undefined) });
  await press('f', ' ', ENTER, 'y', 'q');
  expect(ends).toEqual([]);
  await press('\u0003');
  expect(ends).toEqual(['interrupt']);
});

test('what comes from images and files cannot steer the terminal', async () => {
  const bad = 'a\u001b[2J\u0007b\u202ec';
  const card = {
    ...CARD,
    image: bad,
    findings: [finding('id', { title: bad, summary: bad, evidence: [bad], settle: bad })],
  };
  const edits = () =>
    Promise.resolve([
      { ...edit('x'), title: bad, why: bad, risk: bad, gain: bad, diff: `+${bad}` },
    ]);
  const { press } = opened({ edits }, card);
  for (const keys of [[], [ENTER], ['f']]) {
    const text = await press(...keys);
    expect(text).toContain('abc');
    expect(text).not.toMatch(/[\u0007\u202e]|\u001b\[2J/);
  }
});
