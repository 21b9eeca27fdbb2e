import { Box } from 'ink';
import { render } from 'ink-testing-library';
import { expect, test } from 'vitest';
import { LiveArea } from '../../src/ui/ink-surface.tsx';
import type { LiveModel } from '../../src/ui/live-log.ts';
import { marksOf } from '../../src/ui/text.ts';

const row = (key: string, lines: readonly string[] = []) => ({
  key,
  label: `RUN ${key}`,
  figures: '1.5s',
  log: lines,
});

const MODEL: LiveModel = {
  rows: [row('make', ['one', 'two', 'three', 'four']), row('test')],
  items: [
    { key: 'build', label: 'build', state: 'running' },
    { key: 'sbom', label: 'SBOM', state: 'done' },
    { key: 'attest', label: 'attest', state: 'off' },
    { key: 'load', label: 'load', state: 'waiting' },
  ],
};

function frame(model: LiveModel, height = 20, unicode = true, columns = 100) {
  return render(
    <Box width={columns}>
      <LiveArea
        model={model}
        marks={marksOf(unicode)}
        frame={1}
        height={height}
        columns={columns}
      />
    </Box>,
  ).lastFrame();
}

test('shows what runs, its last lines below it, and the checklist', () => {
  expect(frame(MODEL)).toBe(
    [
      '⠙ RUN make 1.5s',
      '  one',
      '  two',
      '  three',
      '  four',
      '⠙ RUN test 1.5s',
      '⠙ build  ✔ SBOM  ○ attest off  ○ load',
    ].join('\n'),
  );
});

test('is drawn in ASCII where the terminal knows no more', () => {
  expect(frame(MODEL, 20, false)?.split('\n').at(-1)).toBe('/ build  + SBOM  o attest off  . load');
});

test.each([
  [7, ['⠙ RUN make 1.5s', '  two', '  three', '  four', '⠙ RUN test 1.5s']],
  [5, ['⠙ RUN make 1.5s', '  four', '⠙ RUN test 1.5s']],
  [4, ['⠙ RUN make 1.5s', '⠙ RUN test 1.5s']],
  [3, ['⠙ RUN test 1.5s']],
])('in %i rows leaves out lines of the log first, then what ran before', (height, expected) => {
  expect(frame(MODEL, height)?.split('\n').slice(0, -1)).toEqual(expected);
});

test('a narrow terminal, where the checklist takes more rows, keeps to its height', () => {
  const states = ['done', 'off', 'running', 'waiting'] as const;
  const names = [
    'build',
    'normalise',
    'inspect',
    'scan',
    'SBOM',
    'sign',
    'attest',
    'grade',
    'load',
  ];
  const items = names.map((label, i) => ({ key: label, label, state: states[i % 4] ?? 'done' }));
  for (const columns of [20, 24, 30, 40, 60, 80])
    for (const height of [8, 10, 14]) {
      const rows = (frame({ ...MODEL, items }, height, true, columns) ?? '').split('\n');
      expect([columns, rows.length <= height]).toEqual([columns, true]);
    }
});

test('cuts a long name, never the figures behind it', () => {
  const long = { ...row('make'), label: `RUN ${'x'.repeat(300)}` };
  const line = frame({ rows: [long], items: [] }) ?? '';
  expect(line).toHaveLength(100);
  expect(line).toMatch(/x… 1\.5s$/);
});

test('nothing that runs is nothing drawn', () => {
  expect(frame({ rows: [], items: [] })).toBe('');
});
