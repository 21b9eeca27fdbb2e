import { render } from 'ink-testing-library';
import { expect, test, vi } from 'vitest';
import { Choice, TextField } from '../../src/ui/questions.tsx';
import { marksOf } from '../../src/ui/text.ts';
import { pause } from './press.ts';

function choice() {
  const answers: string[] = [];
  const screen = render(
    <Choice
      question="Which?"
      options={[
        { value: 'a', label: 'first', detail: 'the one' },
        { value: 'b', label: 'sec\u001b[2Jond' },
      ]}
      marks={marksOf(false)}
      onAnswer={(value) => answers.push(value)}
      onInterrupt={() => answers.push('interrupt')}
    />,
  );
  return { ...screen, answers };
}

test('a choice shows its answers, and none can steer the terminal', () => {
  expect(choice().lastFrame()).toBe(
    'Which?\n> 1. first  the one\n  2. second\nup, down and enter, or a number',
  );
});

test.each([
  [['\r'], 'a'],
  [['\u001b[B', '\r'], 'b'],
  [['2'], 'b'],
  [['9', '\u001b[B', '\u001b[A', '\r'], 'a'],
  [['\u0003'], 'interrupt'],
])('the keys %j answer %s', async (keys, answer) => {
  const { stdin, answers } = choice();
  await pause(60);
  for (const key of keys) {
    stdin.write(key);
    await pause(60);
  }
  await vi.waitFor(
    () => {
      expect(answers).toEqual([answer]);
    },
    { timeout: 10_000 },
  );
});

test('a field takes what is typed, says what is wrong, and takes a default', async () => {
  const answers: string[] = [];
  const { stdin, lastFrame } = render(
    <TextField
      question="Port?"
      byDefault="8080"
      problem={(text) => (/^\d+$/.test(text) ? undefined : 'a number')}
      onAnswer={(text) => answers.push(text)}
      onInterrupt={() => answers.push('interrupt')}
    />,
  );
  await pause(60);
  for (const key of ['9', 'x', '\u001b[2J', '\r']) {
    stdin.write(key);
    await pause(60);
  }
  expect(lastFrame()).toContain('a number');
  expect(answers).toEqual([]);
  for (const key of ['\u0015', '\r']) {
    stdin.write(key);
    await pause(60);
  }
  expect(answers).toEqual(['8080']);
});
