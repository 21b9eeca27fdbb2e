import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { reportFiles, requireWritable } from '../../src/config/project-files.ts';

const dir = mkdtempSync(join(tmpdir(), 'scoville-writable-'));
writeFileSync(join(dir, 'file'), '');
mkdirSync(join(dir, 'links'));
symlinkSync('../file', join(dir, 'links/file'));
chmodSync(join(dir, 'links'), 0o555);
afterAll(() => {
  chmodSync(join(dir, 'links'), 0o755);
  rmSync(dir, { recursive: true, force: true });
});

describe('requireWritable', () => {
  test.each([['file'], ['new'], ['/dev/stdout'], ['/dev/null']])('ok-%s', async (file) => {
    await expect(requireWritable(dir, [file])).resolves.toBeUndefined();
  });

  test('ok-a link of the user’s own in a folder that takes nothing, as /dev/stdout is', async () => {
    const elsewhere = join(dir, 'elsewhere');
    mkdirSync(elsewhere);
    await expect(requireWritable(elsewhere, ['../links/file'])).resolves.toBeUndefined();
    await expect(requireWritable(dir, ['links/file'])).rejects.toThrow('is a link');
  });

  test('ok-a file in a folder that an output makes; one beside it is not', async () => {
    const made = ['out/', join(dir, 'whole')];
    await expect(
      requireWritable(dir, ['out/a', './out/sub/b', 'whole/c'], made),
    ).resolves.toBeUndefined();
    await expect(requireWritable(dir, ['outer/a'], made)).rejects.toThrow('outer: no such folder');
  });

  test.each([
    ['none/a', `none/a cannot be written: ${dir}/none: no such folder`],
    ['file/a', `file/a cannot be written: ${dir}/file is not a folder`],
    ['.', '. cannot be written: it is a folder'],
    ['/proc/a', '/proc/a cannot be written: nothing can be written to /proc'],
  ])('%s', async (file, message) => {
    const isThere = process.platform === 'linux' && process.getuid?.() !== 0;
    if (file.startsWith('/proc') && !isThere) return;
    await expect(requireWritable(dir, ['new', file])).rejects.toMatchObject({
      message,
      exitCode: 2,
    });
  });
});

test('reports that are files have to be possible before, folders of badges and what is in them have not', () => {
  expect(
    reportFiles([
      { format: 'html', file: 'out/first.html' },
      { format: 'badges', file: 'out' },
      { format: 'json', file: './out/x.json' },
      { format: 'sarif', file: 'outer/x.sarif' },
      { format: 'badges', file: 'docs/badges.md' },
      { format: 'terminal' },
    ]),
  ).toEqual(['out/first.html', 'outer/x.sarif', 'docs/badges.md', '']);
});
