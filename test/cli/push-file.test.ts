import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { archiveOf, ImageBytes } from '../fakes/images.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { fakeIo } from './command-io.ts';

async function push(name: string, ...names: readonly string[]) {
  const cwd = temporaryFolder();
  const bytes = new ImageBytes();
  const annotations = { 'io.containerd.image.name': name };
  writeFileSync(join(cwd, 'a.tar'), archiveOf(bytes.layout([{ ...bytes.image(), annotations }])));
  const { io, err } = fakeIo({ cwd, env: { SCOVILLE_HOME: join(cwd, 'home') } });
  const code = await main(['push', 'a.tar', ...names], io);
  return { code, err: err() };
}

test('whoever wrote an archive does not say where it is pushed; its name is only suggested', async () => {
  expect(await push('h.test/app:1')).toEqual({
    code: 2,
    err: 'scoville: scoville push a.tar needs a name to push it to\n  next: scoville push a.tar h.test/app:1\n',
  });
});

test('what is not a name is not suggested', async () => {
  for (const name of ['$(reboot)', 'h.test/app:1; reboot', 'h.test/app\u001b[2J'])
    expect((await push(name)).err).toContain('next: scoville push a.tar HOST/NAME:TAG\n');
});

test('a name with another digest is refused before anything is sent', async () => {
  const { code, err } = await push('h.test/app:1', `h.test/app@sha256:${'0'.repeat(64)}`);
  expect([code, err]).toEqual([2, expect.stringContaining('names another digest') as string]);
});
