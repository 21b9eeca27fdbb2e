import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/default-settings.ts';
import { findSettingsFile, loadSettings } from '../../src/config/find-settings.ts';
import { formatProblem } from '../../src/config/problem.ts';

const OPTIONS = { now: Date.parse('2026-08-20T12:00:00Z') };
let root = '';
let context = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'settings-'));
  context = join(root, 'repository', 'service');
  await mkdir(context, { recursive: true });
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

describe('findSettingsFile', () => {
  test('there is none', async () => {
    expect(await findSettingsFile(context)).toBeUndefined();
  });

  test("the context's own goes first", async () => {
    await mkdir(join(root, 'repository', '.git'));
    await writeFile(join(root, 'repository', '.scoville.yaml'), '');
    await writeFile(join(context, '.scoville.yml'), '');
    expect(await findSettingsFile(context)).toBe(join(context, '.scoville.yml'));
  });

  test('in a repository, its root is the last place', async () => {
    await mkdir(join(root, 'repository', '.git'));
    await writeFile(join(root, '.scoville.yaml'), '');
    expect(await findSettingsFile(context)).toBeUndefined();
    await writeFile(join(root, 'repository', '.scoville.yaml'), '');
    expect(await findSettingsFile(context)).toBe(join(root, 'repository', '.scoville.yaml'));
  });

  test('outside a repository, a parent decides nothing', async () => {
    await writeFile(join(root, '.scoville.yaml'), '');
    expect(await findSettingsFile(context)).toBeUndefined();
  });
});

describe('loadSettings', () => {
  test('gives the defaults where there is no file', async () => {
    const loaded = await loadSettings({ file: undefined, startDir: context }, OPTIONS);
    expect(loaded).toEqual({ ok: true, value: DEFAULT_SETTINGS });
    expect(await loadSettings({ file: undefined, startDir: undefined }, OPTIONS)).toEqual(loaded);
  });

  test('reads the file that it finds', async () => {
    await writeFile(join(context, '.scoville.yaml'), 'recentDays: 5\n');
    const loaded = await loadSettings({ file: undefined, startDir: context }, OPTIONS);
    expect(loaded.ok && loaded.value.recentDays).toBe(5);
  });

  test('reads the file that is named, and says where it is wrong', async () => {
    const file = join(root, 'other.yaml');
    await writeFile(file, 'recentDays: 0\n');
    const loaded = await loadSettings({ file, startDir: context }, OPTIONS);
    expect(loaded.ok ? [] : loaded.error.map(formatProblem)).toEqual([
      `${file}:1:13: recentDays must be a whole number from 1 to 36500, not "0"`,
    ]);
  });

  test.each([
    ['a missing file', () => Promise.resolve(), /cannot be read: ENOENT/],
    ['a folder', (file: string) => mkdir(file), /cannot be read: not a regular file/],
    [
      'a device',
      (file: string) => symlink('/dev/zero', file),
      /cannot be read: not a regular file/,
    ],
    [
      'bytes that are no text',
      (file: string) => writeFile(file, new Uint8Array([0xff, 0xfe, 0x00])),
      /cannot be read: The encoded data was not valid/,
    ],
    [
      'a huge file',
      (file: string) => writeFile(file, new Uint8Array(1024 * 1024 + 1)),
      /larger than 1048576 bytes/,
    ],
  ])('refuses %s', async (_, make, message) => {
    const file = join(root, 'x.yaml');
    await make(file);
    const loaded = await loadSettings({ file, startDir: undefined }, OPTIONS);
    expect(loaded.ok ? [] : loaded.error.map((problem) => problem.message)).toEqual([
      expect.stringMatching(message),
    ]);
  });
});
