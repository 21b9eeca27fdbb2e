import { render } from 'ink-testing-library';
import { expect, test } from 'vitest';
import { Question, type QuestionProps } from '../../src/ui/questions.tsx';
import { marksOf } from '../../src/ui/text.ts';
import { presser } from './press.ts';

function asked(more: Partial<QuestionProps>) {
  const said: string[] = [];
  const screen = render(
    <Question
      question="Package manager"
      options={[]}
      problem={(text) => (/^[a-z,]+$/.test(text) ? undefined : 'must be names')}
      marks={marksOf(false)}
      onAnswer={(answer) => said.push(answer)}
      onInterrupt={() => said.push('interrupt')}
      {...more}
    />,
  );
  return { press: presser(screen), said, frame: screen.lastFrame };
}

const MANAGERS = [{ value: 'npm' }, { value: 'pnpm', detail: 'fast' }, { value: 'ya\u001b[2Jrn' }];

test('a choice begins at the default, and gives what stands under the pointer', async () => {
  const { press, said, frame } = asked({ options: MANAGERS, byDefault: 'pnpm' });
  expect(frame()).toBe(
    'Package manager\n  1. npm\n> 2. pnpm  fast\n  3. yarn\nup, down and enter, or a number',
  );
  await press('\u001b[B', '\r');
  expect(said).toEqual(['ya\u001b[2Jrn']);
});

test.each([
  [['\r'], 'npm'],
  [['\u001b[B', '\r'], 'pnpm'],
  [['2'], 'pnpm'],
  [['9', '\u001b[B', '\u001b[A', '\r'], 'npm'],
  [['\u0003'], 'interrupt'],
])('of a choice without a default the keys %j answer %s', async (keys, answer) => {
  const { press, said } = asked({ options: MANAGERS });
  await press(...keys);
  expect(said).toEqual([answer]);
});

test('what is typed is asked again until it does; Enter on nothing is the default', async () => {
  const { press, said, frame } = asked({ hint: 'a,b or none', byDefault: 'none' });
  expect(frame()).toBe('Package manager (a,b or none) [none]\n>');
  expect(await press('9', '\r')).toContain('must be names');
  expect(said).toEqual([]);
  await press('\u0015', 'd', 'b', '\r');
  expect(said).toEqual(['db']);
  await press('\u0015', '\r');
  expect(said).toEqual(['db', 'none']);
});

test('Ctrl-C stops what is typed', async () => {
  const { press, said } = asked({});
  await press('\u0003');
  expect(said).toEqual(['interrupt']);
});
