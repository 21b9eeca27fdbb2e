import { render } from 'ink-testing-library';
import { expect, test } from 'vitest';
import { PickScreen } from '../../src/fix/pick-screen.tsx';
import { marksOf } from '../../src/ui/text.ts';
import { edit } from './edit-fixtures.ts';
import { presser } from './press.ts';

function opened(edits = [edit('one'), edit('two')]) {
  const said: string[] = [];
  const { stdin, lastFrame } = render(
    <PickScreen
      edits={edits}
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

test('each edit is shown with its gain and its diff, and ? shows the keys', async () => {
  const { press, said } = opened();
  const text = await press('j');
  expect(text).toContain('+USER two');
  expect(text).toContain('gain: 1 point, grade A, level 2');
  expect(await press('?')).toMatch(/Keys\n {2}space +pick/);
  expect(await press('q')).toContain('0 of 2 picked');
  expect(said).toEqual([]);
});

test('what comes from files cannot steer the terminal', async () => {
  const bad = 'a\u001b[2J\u0007b\u202ec';
  const { press } = opened([
    { ...edit('x'), title: bad, why: bad, risk: bad, gain: bad, diff: `+${bad}` },
  ]);
  const text = await press();
  expect(text).toContain('abc');
  expect(text).not.toMatch(/[\u0007\u202e]|\u001b\[2J/);
});
