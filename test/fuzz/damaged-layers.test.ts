import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldLayers } from '../../src/facts/layer-files.ts';
import { UserError } from '../../src/lib/errors.ts';
import { digestOf } from '../../src/model/reference.ts';
import { at, damaged, edit } from './damage.ts';
import {
  archive,
  EVERYTHING,
  EVERYTHING_GZIP,
  EVERYTHING_TAR,
  factsOf,
  imageOf,
  withChecksums,
  type WalkOptions,
} from './hostile-layer.ts';

/**
 * The facts, or the message of the UserError that the walk ends in; anything else fails the test.
 */
async function outcome(blob: Uint8Array, options?: WalkOptions): Promise<unknown> {
  try {
    const facts = await factsOf(blob, options);
    // What is cached is what JSON keeps, and what is folded is what was cached.
    const kept = JSON.parse(JSON.stringify(facts)) as typeof facts;
    const { filesystem, packages, secrets } = foldLayers([{ digest: digestOf(blob), facts: kept }]);
    return {
      facts,
      files: filesystem.fileCount,
      packages: packages.length,
      secrets: secrets.findings,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.replace(/after \d+ bytes/, '');
  }
}

const left = (): readonly string[] =>
  readdirSync(tmpdir()).filter((name) => /scoville|layer|hostile/i.test(name));
let before: readonly string[] = [];
beforeAll(() => {
  before = left();
});
afterAll(() => {
  // Nothing is extracted: other tests' folders may come and go, none of the layer's names may.
  expect(left().filter((name) => !before.includes(name) && /hostile|layer/.test(name))).toEqual([]);
});

test('undamaged, every collector finds its part', async () => {
  const { filesystem, packages, secrets } = await imageOf(EVERYTHING_GZIP);
  expect(filesystem.elevated.map(({ path }) => path)).toEqual(
    ['long/'.repeat(40) + 'name', 'usr/bin/other', 'usr/bin/tool'].sort(),
  );
  expect(new Set(packages.map(({ type }) => type)).size).toBeGreaterThanOrEqual(5);
  expect(secrets.findings.map(({ rule }) => rule)).toEqual(['npmrc']);
});

describe('a damaged layer ends in facts or a UserError', () => {
  test('compressed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        await outcome(damaged(EVERYTHING_GZIP, edits));
      }),
      { numRuns: 300 },
    );
  });

  test('plain', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        await outcome(damaged(EVERYTHING_TAR, edits));
      }),
      { numRuns: 300 },
    );
  });

  test('plain, with checksums that are right again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        await outcome(withChecksums(damaged(EVERYTHING_TAR, edits)));
      }),
      { numRuns: 600 },
    );
  });

  test('the content of files alone, where the walk has no reason to fail', async () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc.string({ maxLength: 300, unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
    );
    const parts = fc.array(fc.record({ at, noise, keep: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(parts, async (changes) => {
        const items = EVERYTHING.map((item) => ({ ...item }));
        for (const one of changes) {
          const item = items[Math.floor(one.at * items.length)];
          if (item?.content === undefined) continue;
          const content = Buffer.from(item.content);
          const half = content.length >> 1;
          item.content = one.keep
            ? Buffer.concat([content.subarray(0, half), one.noise, content.subarray(half)])
            : one.noise;
        }
        expect(await outcome(archive(items))).toBeTypeOf('object');
      }),
      { numRuns: 400 },
    );
  });
});

test('cut at any place, it is an error, or all that is missing is padding', async () => {
  const bytes = EVERYTHING_GZIP;
  const whole = JSON.stringify(await outcome(bytes));
  // The header, the deflate stream, the checksum and the length are each cut at every byte.
  const cuts = [...Array(30).keys(), ...Array.from({ length: 40 }, (_, i) => bytes.length - 1 - i)];
  for (let i = 30; i < bytes.length - 40; i += 97) cuts.push(i);
  for (const cut of cuts) {
    const found = await outcome(bytes.subarray(0, cut));
    if (cut === 0) continue;
    expect([cut, typeof found === 'string' || JSON.stringify(found) === whole]).toEqual([
      cut,
      true,
    ]);
  }
  expect(await outcome(bytes.subarray(0, bytes.length - 4))).toMatch(/cannot be read/);
});

test.each([-8, -7, -5, -4, -1])('a wrong checksum or length of gzip, byte %i', async (place) => {
  const bytes = Buffer.from(EVERYTHING_GZIP);
  const index = bytes.length + place;
  bytes[index] = (bytes[index] ?? 0) ^ 0xff;
  expect(await outcome(bytes)).toMatch(/cannot be read/);
});

test('however the bytes are cut into chunks, the same is found', async () => {
  const expected = JSON.stringify(await outcome(EVERYTHING_TAR));
  for (const chunk of [1, 7, 511, 512, 513, 4096, 1 << 20])
    for (const blob of [EVERYTHING_TAR, EVERYTHING_GZIP]) {
      if (chunk === 1 && blob === EVERYTHING_TAR) continue;
      const found = JSON.stringify(await outcome(blob, { chunk }));
      expect(found.length).toBe(expected.length);
      if (blob === EVERYTHING_TAR) expect(found).toBe(expected);
    }
});

test('what follows the end of a layer is let go', async () => {
  const tail = Buffer.from('../../evil'.repeat(2000));
  expect(await outcome(gzipSync(Buffer.concat([EVERYTHING_TAR, tail])))).toMatchObject({
    files: 16,
  });
});
