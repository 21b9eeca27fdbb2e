import { render } from 'ink-testing-library';
import type { ReactElement } from 'react';
import { expect, test } from 'vitest';
import { Frame, PickScreen } from '../../src/fix/pick-screen.tsx';
import { Choice, TextField } from '../../src/ui/questions.tsx';
import { marksOf } from '../../src/ui/text.ts';
import { edit } from './edit-fixtures.ts';
import { pause } from './press.ts';

type Say = (what: string) => () => void;

const nothing = (): void => undefined;
const FINE = { problem: () => undefined };

/** Every screen that takes keys. */
const SCREENS: readonly (readonly [name: string, screen: (say: Say) => ReactElement])[] = [
  [
    'a choice',
    (say) => (
      <Choice
        question="Which?"
        options={[{ value: 'a', label: 'first' }]}
        marks={marksOf(false)}
        onAnswer={say('answer')}
        onInterrupt={say('interrupt')}
      />
    ),
  ],
  [
    'a field',
    (say) => (
      <TextField
        question="Who?"
        {...FINE}
        onAnswer={say('answer')}
        onInterrupt={say('interrupt')}
      />
    ),
  ],
  [
    'a whole screen',
    (say) => (
      <Frame
        keys={[]}
        marks={marksOf(false)}
        message=""
        onEnd={say('end')}
        onInterrupt={say('interrupt')}
      >
        {() => null}
      </Frame>
    ),
  ],
];

test.each(
  SCREENS.flatMap(([name, screen]) =>
    ['\u0003', 'a\u0003', ' \u0003', '\r\u0003', '\u0003\u0003', '\u001b[B\u0003'].map(
      (keys) => [name, keys, screen] as const,
    ),
  ),
)(
  '%s: Ctrl-C is heard in %j, keys that a busy program reads at one go',
  async (_, keys, screen) => {
    const said: string[] = [];
    const { stdin } = render(screen((what) => () => said.push(what)));
    await pause(30);
    stdin.write(keys);
    await pause(30);
    expect(said).toContain('interrupt');
  },
);

/** Writes all keys before React draws once, as a fast person and a slow machine do. */
async function typedAtOnce(screen: ReactElement, keys: readonly string[]): Promise<string> {
  const { stdin, lastFrame } = render(screen);
  await pause(30);
  for (const key of keys) stdin.write(key);
  await pause(30);
  return lastFrame() ?? '';
}

test.each([
  [['h', 'e', 'l', 'l', 'o', '\r'], ['hello']],
  [['hello\r'], ['hello']],
  [['hel', 'lo\r'], ['hello']],
  [['hellp\u007fo\n'], ['hello']],
  [['no\u0015yes\r'], ['yes']],
  [['no', '\u0015', 'yes', '\r'], ['yes']],
  [['a😀', '\u007f', '\r'], ['a']],
  [['ae\u0301\b\r'], ['a']],
  [['bad\r', '\u0015', 'good\r'], ['good']],
  [['\r'], ['none']],
  [['  \r'], ['none']],
  [['a\u001b[D', 'b\u009b2J\u0000\r'], ['ab']],
])('a field that is typed into at once, %j, answers %j', async (keys, expected) => {
  const answers: string[] = [];
  const problem = (text: string) => (text === 'bad' ? 'not that' : undefined);
  const field = (
    <TextField
      question="Who?"
      byDefault="none"
      problem={problem}
      onAnswer={(text) => answers.push(text)}
      onInterrupt={() => answers.push('interrupt')}
    />
  );
  await typedAtOnce(field, keys);
  expect(answers).toEqual(expected);
});

test('a field shows all of what is typed at once', async () => {
  const field = <TextField question="Who?" {...FINE} onAnswer={nothing} onInterrupt={nothing} />;
  expect(await typedAtOnce(field, ['h', 'e', 'l', 'l', 'o'])).toBe('Who?\n> hello');
});

test('a choice moves by each of several keys, and answers where the last one left it', async () => {
  const answers: string[] = [];
  const choice = (
    <Choice
      question="Which?"
      options={['a', 'b', 'c', 'd'].map((value) => ({ value, label: value }))}
      marks={marksOf(false)}
      onAnswer={(value) => answers.push(value)}
      onInterrupt={() => answers.push('interrupt')}
    />
  );
  await typedAtOnce(choice, ['\u001b[B\u001b[B\u001b[B\u001b[A\r']);
  expect(answers).toEqual(['c']);
});

test('edits picked by several keys at once are all picked', async () => {
  const screen = (
    <PickScreen
      edits={[edit('one'), edit('two'), edit('three')]}
      worth={() => undefined}
      marks={marksOf(true)}
      onDone={nothing}
      onInterrupt={nothing}
    />
  );
  const frame = await typedAtOnce(screen, [' ', '\u001b[B', '\u001b[B', ' ', '\r']);
  expect(frame).toContain('Write these 2 edits to the Dockerfile?');
});
