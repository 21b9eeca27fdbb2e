import { expect, test } from 'vitest';
import { yamlTable } from '../fakes/table.ts';
import { inspected, type Item } from './inspected.ts';

async function filesystemOf(...layers: readonly (readonly Item[])[]) {
  return (await inspected(...layers)).filesystem;
}

const PASSWD = 'root:x:0:0::/:\napp:x:77:77::/:\n';

test.each(yamlTable('test/build/inspect-image.yaml') as readonly [string, Item[][]][])(
  '/etc/passwd resolves: %s',
  async (_, layers) => {
    expect((await filesystemOf(...layers)).passwd).toEqual({ root: 0, app: 77 });
  },
);

test('engines look up users before /proc is mounted: a link through it leads to what the image has there', async () => {
  const passwd: Item = {
    name: 'etc/passwd',
    type: 'symlink',
    linkname: '/proc/self/root/etc/users',
  };
  const users = { name: 'etc/users', content: PASSWD };
  const shown = { name: 'proc/self/root/etc/users', content: 'app:x:0:0::/:\n' };
  expect((await filesystemOf([passwd, users, shown])).passwd).toEqual({ app: 0 });
  expect((await filesystemOf([passwd, users])).passwd).toBeUndefined();
});

test('a file that a hard link makes executable is known by its content', async () => {
  const { executables } = await filesystemOf([
    { name: 'x', content: '#!/bin/bash\n', mode: 0o644 },
    { name: 'y', type: 'hardlink', linkname: 'x', mode: 0o755 },
  ]);
  expect(executables.map(({ path, mode, executable }) => [path, mode, executable])).toEqual([
    ['x', 0o755, 'script'],
    ['y', 0o755, 'script'],
  ]);
});

test('a shell behind /proc/self/root is found', async () => {
  const { executables } = await filesystemOf([
    { name: 'opt/x', content: '#!/bin/y\n', mode: 0o755 },
    { name: 'bin/sh', type: 'symlink', linkname: '/proc/self/root/opt/x' },
  ]);
  expect(executables.map(({ path, resolved }) => [path, resolved])).toEqual([
    ['bin/sh', 'opt/x'],
    ['opt/x', undefined],
  ]);
});
