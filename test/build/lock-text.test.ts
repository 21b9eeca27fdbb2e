import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lockedPackages, lockText } from '../../src/build/plan-lock.ts';
import { parseLock } from '../../src/config/lock.ts';
import type { LockFile } from '../../src/model/lock.ts';
import { lock } from './lock-given.ts';

async function readBack(text: string): Promise<LockFile> {
  const read = await parseLock(text, 'f.lock');
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

test('is YAML with its keys in one order', async () => {
  const text = readFileSync('test/build/lock-text.txt', 'utf8');
  expect(await lockText(lock())).toBe(text);
});

test('is read back as it was written', async () => {
  expect(await readBack(await lockText(lock()))).toEqual(lock());
});

test('takes packages of any name and version', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ name: fc.string({ unit: 'binary', maxLength: 40 }), version: fc.string() }),
        { maxLength: 8 },
      ),
      async (found) => {
        const packages = lockedPackages(
          found.map(({ name, version }) => ({
            type: 'npm' as const,
            name,
            version,
            purl: '',
            licenses: [],
            location: {
              path: 'p',
              layer: [...lock().images.values()][0]?.digest ?? ('' as never),
            },
          })),
          [],
        );
        const given = lock({ packages: new Map([['linux/amd64', packages]]) });
        expect(await readBack(await lockText(given))).toEqual(given);
      },
    ),
    { numRuns: 200 },
  );
});
