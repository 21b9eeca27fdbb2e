import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBytes } from '../../src/trust/profile-artifact.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-bytes-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('a file is read whole', async () => {
  writeFileSync(join(folder, 'a'), 'profile');
  expect(Buffer.from(await readBytes(join(folder, 'a'))).toString()).toBe('profile');
});

test('a pipe that nobody writes into, a device and what is too large are refused at once', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  symlinkSync('/dev/zero', join(folder, 'zero'));
  writeFileSync(join(folder, 'large'), Buffer.alloc(16 * 1024 * 1024 + 1));
  for (const name of ['pipe', 'zero'])
    await expect(readBytes(join(folder, name))).rejects.toThrow('it is not a regular file');
  await expect(readBytes(join(folder, 'large'))).rejects.toThrow(
    'it is larger than 16777216 bytes',
  );
});
