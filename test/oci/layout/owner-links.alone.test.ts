import { readdirSync } from 'node:fs';
import type * as promises from 'node:fs/promises';
import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { claimAlone } from '../../../src/oci/layout/owner.ts';
import { temporaryFolder } from '../../fakes/layouts.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof promises>();
  return { ...real, link: vi.fn(real.link) };
});
const real = vi.mocked(link).getMockImplementation();
afterEach(() => {
  if (real !== undefined) vi.mocked(link).mockImplementation(real);
});

const failing = (code: string): Error => Object.assign(new Error(code), { code });

test('a link that a slow server made, and refused when it was asked again, is ours', async () => {
  const file = join(temporaryFolder(), 'lock');
  vi.mocked(link).mockImplementation(async (from, to) => {
    await real?.(from, to);
    throw failing('EEXIST');
  });
  expect(await claimAlone(file)).toBe(true);
  expect(await claimAlone(file)).toBe(false);
});

test.each(['EPERM', 'ENOTSUP', 'ENOSYS'])('where links give %s, one still has it', async (code) => {
  const folder = temporaryFolder();
  vi.mocked(link).mockRejectedValue(failing(code));
  const had = await Promise.all(Array.from({ length: 8 }, () => claimAlone(join(folder, 'lock'))));
  expect(had.filter(Boolean)).toEqual([true]);
  expect(readdirSync(folder)).toEqual(['lock']);
});

test('any other failure is named with its file', async () => {
  vi.mocked(link).mockRejectedValue(failing('EIO'));
  await expect(claimAlone(join(temporaryFolder(), 'lock'))).rejects.toThrow(
    /^the disk fails at .*\/lock$/,
  );
});
