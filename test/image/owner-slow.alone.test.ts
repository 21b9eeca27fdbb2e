import type * as promises from 'node:fs/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { claimAlone } from '../../src/image/owner.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof promises>();
  return { ...real, writeFile: vi.fn(real.writeFile) };
});
const real = vi.mocked(writeFile).getMockImplementation();
afterEach(() => {
  if (real !== undefined) vi.mocked(writeFile).mockImplementation(real);
});

const failing = (code: string): Error => Object.assign(new Error(code), { code });

test('a claim that a slow server wrote, and refused when it was asked again, is ours', async () => {
  const file = join(temporaryFolder(), 'lock');
  vi.mocked(writeFile).mockImplementation(async (...args) => {
    await real?.(...args);
    throw failing('EEXIST');
  });
  expect(await claimAlone(file)).toBe(true);
  expect(await claimAlone(file)).toBe(false);
});

test('any other failure is named with its file', async () => {
  vi.mocked(writeFile).mockRejectedValue(failing('EIO'));
  await expect(claimAlone(join(temporaryFolder(), 'lock'))).rejects.toThrow(
    /^the disk fails at .*\/lock$/,
  );
});
