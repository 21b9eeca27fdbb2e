import { render } from 'ink-testing-library';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AfterQuestion } from '../../src/ui/after-question.tsx';
import { pause } from './press.ts';

const NOW = 1_700_000_000_000;
// How long a key was waited for is the clock's business, not that of a machine that may be busy.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

function asked(edits: boolean, seconds = 10) {
  const answers: string[] = [];
  const { stdin, lastFrame } = render(
    <AfterQuestion
      edits={edits}
      findings={1}
      seconds={seconds}
      onAnswer={(answer) => answers.push(answer)}
    />,
  );
  const press = async (key: string, wait = 350): Promise<readonly string[]> => {
    await pause(30);
    vi.setSystemTime(NOW + wait);
    stdin.write(key);
    await pause(20);
    return answers;
  };
  return { answers, press, lastFrame };
}

test('says what each key does, and when it ends', () => {
  expect(asked(true).lastFrame()).toBe(
    'f: edits of the Dockerfile, o: open 1 finding, any other key or 10 s: end',
  );
  expect(asked(false).lastFrame()).toBe('o: open 1 finding, any other key or 10 s: end');
});

test.each([
  ['f', true, 'edits'],
  ['f', false, 'end'],
  ['o', true, 'findings'],
  ['\r', true, 'end'],
  ['x', true, 'end'],
  ['\u0003', true, 'interrupt'],
])('%j with edits: %s is %s', async (key, edits, answer) => {
  expect(await asked(edits).press(key)).toEqual([answer]);
});

test('a key that was typed ahead ends it, whatever it is', async () => {
  expect(await asked(true).press('f', 290)).toEqual(['end']);
});

test('ends by itself', async () => {
  const { answers } = asked(true, 1);
  expect(answers).toEqual([]);
  await vi.waitFor(
    () => {
      expect(answers).toEqual(['end']);
    },
    { timeout: 15_000 },
  );
});
