import { expect, test } from 'vitest';
import { lazySurface, type LiveModel } from '../../src/ui/live-log.ts';

const RUNNING: LiveModel = {
  rows: [{ key: 'a', label: 'RUN make', figures: '1.0s', log: [] }],
  items: [],
};

function started(loads: () => Promise<void> = () => Promise.resolve()) {
  const seen: string[] = [];
  let now = 0;
  const surface = lazySurface({
    write: (text) => seen.push(`written ${text}`),
    load: async () => {
      seen.push('loaded');
      await loads();
      return () => {
        seen.push('opened');
        return {
          print: (text) => seen.push(`printed ${text}`),
          draw: () => seen.push('drawn'),
          close: () => seen.push('closed'),
        };
      };
    },
    now: () => now,
  });
  const later = async (ms: number): Promise<void> => {
    now += ms;
    await new Promise((done) => setImmediate(done));
  };
  return { surface, seen, later };
}

test('what is over at once never loads what draws', async () => {
  const { surface, seen, later } = started();
  surface.draw(RUNNING);
  surface.print('a line');
  await later(100);
  surface.draw(RUNNING);
  surface.close();
  expect(seen).toEqual(['written a line\n']);
});

test('what takes longer is drawn, and its lines go above the drawing', async () => {
  const { surface, seen, later } = started();
  await later(200);
  surface.draw(RUNNING);
  surface.print('meanwhile');
  await later(10);
  surface.draw(RUNNING);
  surface.print('a line');
  surface.close();
  expect(seen).toEqual([
    'loaded',
    'written meanwhile\n',
    'opened',
    'drawn',
    'printed a line',
    'closed',
  ]);
});

test('nothing is opened where nothing runs, or where it ended while it loaded', async () => {
  const { surface, seen, later } = started();
  await later(200);
  surface.draw({ rows: [], items: [] });
  expect(seen).toEqual([]);
  surface.draw(RUNNING);
  surface.close();
  await later(10);
  expect(seen).toEqual(['loaded']);
});

test('lines are written where the drawing cannot be loaded', async () => {
  const { surface, seen, later } = started(() => Promise.reject(new Error('no')));
  await later(200);
  surface.draw(RUNNING);
  await later(10);
  surface.draw(RUNNING);
  surface.print('a line');
  surface.close();
  expect(seen).toEqual(['loaded', 'written a line\n']);
});
