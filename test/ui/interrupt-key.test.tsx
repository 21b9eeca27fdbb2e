import { render } from 'ink-testing-library';
import type { ReactElement } from 'react';
import { expect, test } from 'vitest';
import { Choice } from '../../src/ui/choice.tsx';
import { Frame } from '../../src/ui/frame.tsx';
import { marksOf } from '../../src/ui/marks.ts';
import { TextField } from '../../src/ui/text-field.tsx';
import { pause } from './press.ts';

type Say = (what: string) => () => void;

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
        problem={() => undefined}
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
