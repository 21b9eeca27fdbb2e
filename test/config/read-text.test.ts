import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { readText } from '../../src/config/read-files.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

let folder = '';
beforeEach(() => {
  folder = temporaryFolder();
});

function written(name: string, bytes: string | Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

test('refuses a folder, a pipe without waiting for a writer, and what is too large', async () => {
  await expect(readText(folder, { largest: 100 })).rejects.toThrow(
    'cannot be read: it is not a file',
  );
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await expect(readText(pipe, { largest: 100 })).rejects.toThrow('it is not a file');
  const large = written('large', 'x'.repeat(2 ** 20 + 1));
  await expect(readText(large, { largest: 2 ** 20 })).rejects.toThrow('it is larger than 1 MiB');
});

test('bytes that are no UTF-8 are an error only where they have to be', async () => {
  const path = written('latin', Uint8Array.of(0x23, 0xe9, 0x0a));
  expect(await readText(path, { largest: 100 })).toBe('#\u{fffd}\n');
  await expect(readText(path, { largest: 100, utf8: 'required' })).rejects.toThrow(
    'it is not UTF-8',
  );
});
