import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { replaceFile } from '../../src/image/disk.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

describe('replacing a file', () => {
  test('many at once: one whole text, and nothing left beside', async () => {
    const path = join(folder, 'file');
    const texts = Array.from({ length: 40 }, (_, i) => String(i % 10).repeat(50_000));
    await Promise.all(texts.map((text) => replaceFile(path, (out) => out.writeFile(text))));
    expect(texts).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('a failure leaves what was there', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'before');
    const failing = replaceFile(path, async (out) => {
      await out.writeFile('half');
      throw new Error('stopped');
    });
    await expect(failing).rejects.toThrow('stopped');
    expect([readdirSync(folder), readFileSync(path, 'utf8')]).toEqual([['file'], 'before']);
  });

  test('keeps the mode of the file before, at no moment more open', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'before');
    chmodSync(path, 0o640);
    const modes: number[] = [];
    await replaceFile(
      path,
      async (out) => {
        modes.push((await out.stat()).mode & 0o777);
      },
      { before: statSync(path), sync: true },
    );
    expect(modes.every((mode) => (mode & ~0o640) === 0)).toBe(true);
    expect(statSync(path).mode & 0o7777).toBe(0o640);
  });
});
