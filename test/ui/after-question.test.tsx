import { render } from 'ink-testing-library';
import { expect, test } from 'vitest';
import { AfterQuestion } from '../../src/ui/after-question.tsx';

function asked(suggestions: number, seconds = 10) {
  const answers: string[] = [];
  const { stdin, lastFrame } = render(
    <AfterQuestion
      suggestions={suggestions}
      findings={1}
      seconds={seconds}
      onAnswer={(answer) => answers.push(answer)}
    />,
  );
  const press = async (key: string, wait = 350): Promise<readonly string[]> => {
    await new Promise((done) => setTimeout(done, wait));
    stdin.write(key);
    await new Promise((done) => setTimeout(done, 20));
    return answers;
  };
  return { answers, press, lastFrame };
}

test('says what each key does, and when it ends', () => {
  expect(asked(3).lastFrame()).toBe(
    'f: pick from 3 suggestions, o: open 1 finding, any other key or 10 s: end',
  );
  expect(asked(0).lastFrame()).toBe('o: open 1 finding, any other key or 10 s: end');
});

test.each([
  ['f', 3, 'edits'],
  ['f', 0, 'end'],
  ['o', 3, 'findings'],
  ['\r', 3, 'end'],
  ['x', 3, 'end'],
  ['\u0003', 3, 'interrupt'],
])('%j with %i suggestions is %s', async (key, suggestions, answer) => {
  expect(await asked(suggestions).press(key)).toEqual([answer]);
});

test('a key that was typed ahead ends it, whatever it is', async () => {
  expect(await asked(3).press('f', 50)).toEqual(['end']);
});

test('ends by itself', async () => {
  const { answers } = asked(3, 1);
  await new Promise((done) => setTimeout(done, 1300));
  expect(answers).toEqual(['end']);
});
