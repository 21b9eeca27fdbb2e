import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readVexFiles } from '../../src/scan/vex.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-vex-test-'));
  writeFileSync(join(folder, 'good.json'), '{"a":1}');
  writeFileSync(join(folder, 'bad.json'), '{');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('documents come in the order of their files, trusted', async () => {
  const file = join(folder, 'good.json');
  expect(await readVexFiles([file])).toEqual([
    { name: file, trusted: true, ofRepository: true, value: { a: 1 } },
  ]);
});

test.each(['bad.json', 'missing.json', '.'])('%s is an error of the user’s', async (name) => {
  await expect(readVexFiles([join(folder, name)])).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining(join(folder, name)) as string,
  });
});
