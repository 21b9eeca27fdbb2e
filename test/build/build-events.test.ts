import { expect, test } from 'vitest';
import { BuildEvents, type SolveStatus, type Vertex } from '../../src/build/progress.ts';

const nothing: SolveStatus = { vertexes: [], statuses: [], logs: [], warnings: [] };
const vertex = (state: Partial<Vertex>): SolveStatus => ({
  ...nothing,
  vertexes: [
    {
      digest: 'sha256:1',
      name: 'RUN x',
      started: undefined,
      completed: undefined,
      cached: false,
      error: undefined,
      ...state,
    },
  ],
});
const log = (text: string): SolveStatus => ({
  ...nothing,
  logs: [{ vertex: 'sha256:1', data: Buffer.from(text), timestamp: undefined }],
});

test('a step is told when it starts and when it ends, once each', () => {
  const events = new BuildEvents();
  const all = [
    vertex({}),
    vertex({ started: 1000 }),
    vertex({ started: 1000 }),
    vertex({ started: 1000, completed: 2500 }),
    vertex({ started: 2000, completed: 3000 }),
  ].flatMap((status) => events.events(status));
  expect(all).toEqual([
    { kind: 'build-step', step: { digest: 'sha256:1', name: 'RUN x', state: 'started' } },
    {
      kind: 'build-step',
      step: { digest: 'sha256:1', name: 'RUN x', state: 'done', seconds: 1.5 },
    },
  ]);
});

test.each([
  [{ completed: 10 }, { completed: 10, cached: true }, ['started', 'done']],
  [{ completed: 10, cached: true }, { completed: 10 }, ['started', 'cached']],
  [{ completed: 10 }, { completed: 20, error: 'gone' }, ['started', 'done', 'failed']],
  [{ error: 'gone' }, { completed: 20 }, ['started', 'failed']],
])('an end is told once, and a failure in any case: %j, then %j', (first, second, states) => {
  const events = new BuildEvents();
  const all = [{}, first, second].flatMap((state) =>
    events.events(vertex({ started: 0, ...state })),
  );
  expect(all.map((e) => (e.kind === 'build-step' ? e.step.state : ''))).toEqual(states);
});

test('a failure carries its error, without control characters', () => {
  const events = new BuildEvents();
  expect(
    events.events(vertex({ started: 0, completed: 10, error: 'no\u001b[31m such file' })),
  ).toMatchObject([{ step: { state: 'failed', error: 'no such file' } }]);
});

test('output is told line by line, however it was cut', () => {
  const events = new BuildEvents();
  const all = ['a', 'b\nc\n', 'rest'].flatMap((text) => events.events(log(text)));
  expect([...all, ...events.end()].map((e) => (e.kind === 'build-log' ? e.text : ''))).toEqual([
    'ab',
    'c',
    'rest',
  ]);
});

test('a character that was cut in two is one, and of a bar that is drawn again its last state', () => {
  const events = new BuildEvents();
  const bytes = Buffer.from('日本\n10 %\r\u001b[K50 %\r\u001b[K100 %\r\nend\r\n');
  const pieces = [bytes.subarray(0, 4), bytes.subarray(4, 12), bytes.subarray(12)];
  const all = pieces.flatMap((data) =>
    events.events({ ...nothing, logs: [{ vertex: 'sha256:1', data, timestamp: undefined }] }),
  );
  expect(all.map((e) => (e.kind === 'build-log' ? e.text : ''))).toEqual(['日本', '100 %', 'end']);
});
