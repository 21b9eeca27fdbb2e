import { expect, test } from 'vitest';
import { resolveFiles } from '../../../src/pipeline/profile/resolve-files.ts';

const LINKS: Readonly<Record<string, string>> = {
  '/bin/run': '/usr/bin/run',
  '/bin/sh': '/usr/bin/dash',
  '/bin/cat': '/usr/bin/cat',
  '/var/run': '/run',
};
const FILES: Readonly<Record<string, string>> = {
  '/usr/bin/run': '#! /bin/sh -e\n',
  '/usr/bin/dash': '\x7fELF',
  '/usr/bin/loop': '#!/usr/bin/loop\n',
};

const ask = (program: 'readlink' | 'head', args: readonly string[]) => {
  const paths = args.slice(args.indexOf('--') + 1);
  const answer =
    program === 'readlink'
      ? paths.map((path) => `${LINKS[path] ?? path}\0`).join('')
      : (FILES[paths[0] ?? ''] ?? '');
  return Promise.resolve(Buffer.from(answer, 'latin1'));
};

test('links are resolved, and a script brings its interpreter', async () => {
  const found = await resolveFiles(
    {
      files: new Map([
        ['/run/app.pid', new Set('r')],
        ['/.scoville/trace', new Set('w')],
      ]),
      named: new Map([
        ['/var/run/app.pid', new Set('wc')],
        ['/top', new Set('w')],
      ]),
      entries: new Set(['/bin/run']),
      executed: new Set(['/bin/cat', '/usr/bin/loop']),
      sockets: new Set(['2 1']),
      unplaced: 1,
    },
    ask,
  );
  expect([...found.entries]).toEqual(['/usr/bin/run', '/usr/bin/dash']);
  expect([...found.executed]).toEqual(['/usr/bin/cat', '/usr/bin/loop']);
  expect([...found.files].map(([path, letters]) => `${path} ${[...letters].join('')}`)).toEqual([
    '/run/app.pid rwc',
    '/top w',
  ]);
  expect(found).toMatchObject({ named: new Map(), sockets: new Set(['2 1']), unplaced: 1 });
});

test('where the image cannot be asked, paths stay as they are', async () => {
  const found = await resolveFiles(
    {
      files: new Map(),
      named: new Map(),
      entries: new Set(['/bin/run']),
      executed: new Set(),
      sockets: new Set(),
      unplaced: 0,
    },
    () => Promise.resolve(new Uint8Array()),
  );
  expect([...found.entries]).toEqual(['/bin/run']);
});
