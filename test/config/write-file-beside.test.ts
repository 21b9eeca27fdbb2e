import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forgetFile, writeFileBeside } from '../../src/config/project-files.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

test('a file keeps its mode, a new one has the mode that is asked for', async () => {
  const folder = temporaryFolder();
  const there = join(folder, 'there');
  writeFileSync(there, 'old');
  chmodSync(there, 0o642);
  await writeFileBeside(there, 'new', 0o600);
  expect([readFileSync(there, 'utf8'), modeOf(there)]).toEqual(['new', 0o642]);
  await writeFileBeside(join(folder, 'fresh'), 'x', 0o600);
  expect(modeOf(join(folder, 'fresh'))).toBe(0o600);
});

test('a link stays one', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'real'), 'old');
  symlinkSync('real', join(folder, 'link'));
  await writeFileBeside(join(folder, 'link'), 'new');
  expect(readlinkSync(join(folder, 'link'))).toBe('real');
  expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('new');
});

test('a folder that is not there is an error that names the file', async () => {
  const path = join(temporaryFolder(), 'no', 'file');
  await expect(writeFileBeside(path, 'x')).rejects.toThrow(`${path} could not be written`);
});

test('a file that is to be written anew goes before, no device and no link', async () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('file'), 'old');
  writeFileSync(at('real'), 'old');
  symlinkSync('real', at('link'));
  symlinkSync('/dev/null', at('device'));
  mkdirSync(at('folder'));
  for (const name of ['file', 'link', 'device', 'nothing']) await forgetFile(at(name));
  expect(readdirSync(folder).sort()).toEqual(['device', 'folder', 'link', 'real']);
  await expect(forgetFile(at('folder'))).rejects.toThrow('EISDIR');
});
