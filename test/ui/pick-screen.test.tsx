import { render } from 'ink-testing-library';
import { expect, test } from 'vitest';
import { marksOf } from '../../src/ui/marks.ts';
import { PickScreen } from '../../src/ui/pick-screen.tsx';
import { presser } from './press.ts';
import { edit } from './review-fixtures.ts';

function opened() {
  const said: string[] = [];
  const { stdin, lastFrame } = render(
    <PickScreen
      edits={[edit('one'), edit('two')]}
      worth={(ids) => `${ids.size} points, grade A`}
      marks={marksOf(true)}
      onDone={(picked) => said.push(`picked ${[...picked].join(' ')}`)}
      onInterrupt={() => said.push('interrupt')}
    />,
  );
  const press = presser({ stdin, lastFrame });
  return { press, said };
}

test('what is picked is written after a yes, and only that', async () => {
  const { press, said } = opened();
  expect(await press('j', ' ')).toContain(
    'Edits of the Dockerfile: 1 of 2 picked, 1 points, grade A',
  );
  expect(await press('\r')).toContain('Write this edit to the Dockerfile?');
  expect(await press('n')).toContain('1 of 2 picked');
  expect(said).toEqual([]);
  expect(await press('a', '\r')).toContain('Write these 2 edits to the Dockerfile?');
  await press('y');
  expect(said).toEqual(['picked one two']);
});

test('nothing picked writes nothing; q ends with nothing, Ctrl-C stops', async () => {
  const { press, said } = opened();
  expect(await press('\r')).toContain('nothing is picked: space picks');
  await press(' ', 'q');
  expect(said).toEqual(['picked ']);
  await press('\u0003');
  expect(said).toEqual(['picked ', 'interrupt']);
});
