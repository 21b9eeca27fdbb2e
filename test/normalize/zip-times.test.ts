import fc from 'fast-check';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import { dosTime } from '../../src/normalize/rules/archives.ts';
import { contentAfter, EPOCH, LATER, normalised, sample } from './sample-layer.ts';

/** Info-ZIP's field with modification and access time. */
function stamps(time: number): Uint8Array {
  const extra = Buffer.alloc(9);
  extra[0] = 3;
  extra.writeUInt32LE(time, 1);
  extra.writeUInt32LE(time, 5);
  return extra;
}

function ntfs(time: number): Uint8Array {
  const extra = Buffer.alloc(32);
  extra.writeUInt16LE(1, 4);
  extra.writeUInt16LE(24, 6);
  for (const at of [8, 16, 24])
    extra.writeBigUInt64LE((BigInt(time) + 11_644_473_600n) * 10_000_000n, at);
  return extra;
}

function zip(time: number, comment = 'a comment'): Buffer {
  // fflate takes local time; the tests run wherever.
  const mtime = new Date((time + new Date(time * 1000).getTimezoneOffset() * 60) * 1000);
  return Buffer.from(
    zipSync(
      {
        'META-INF/MANIFEST.MF': [
          strToU8('Manifest-Version: 1.0\n'),
          { extra: { 0x5455: stamps(time) } },
        ],
        'a/B.class': [strToU8('class'), { level: 0, extra: { 0x000a: ntfs(time) }, comment }],
      },
      { mtime },
    ),
  );
}

test('DOS times count two seconds from 1980', () => {
  expect(dosTime(315_532_800)).toBe(0x00210000);
  expect(dosTime(0)).toBe(0x00210000);
  expect(dosTime(Date.UTC(2026, 6, 26, 17, 29, 45) / 1000)).toBe(
    (((46 << 9) | (7 << 5) | 26) << 16) | ((17 << 11) | (29 << 5) | 22),
  );
});

test('two builds of a jar become one, members stay', async () => {
  const after = await contentAfter(sample('opt/app.jar', zip(LATER)));
  expect(after).toEqual(await contentAfter(sample('opt/app.jar', zip(LATER + 7777))));
  expect(after).toEqual(zip(EPOCH));
  expect(unzipSync(after)).toEqual(unzipSync(zip(LATER)));
});

test('aggressive rules date earlier members too, but not where packages put theirs', async () => {
  const rules = ruleSet('aggressive');
  const early = zip(EPOCH - 1000);
  expect(await contentAfter(sample('srv/a.zip', Buffer.from(early)), { rules })).toEqual(
    zip(EPOCH),
  );
  expect(await contentAfter(sample('usr/lib/a.jar', Buffer.from(early)), { rules })).toEqual(early);
});

describe('left alone', () => {
  test.each([
    ['an earlier one', 'a.zip', zip(EPOCH - 10)],
    ['a wheel', 'a-1.0-py3-none-any.whl', zip(LATER)],
    ['Maven’s repository, which keeps checksums', 'root/.m2/repository/a/a.jar', zip(LATER)],
    ['a signed package of NuGet', 'srv/a.nupkg', zip(LATER)],
    [
      'something in front of a zip',
      'a.sh',
      Buffer.concat([Buffer.from('#!/bin/sh\n'), zip(LATER)]),
    ],
    ['something behind a zip', 'a.zip', Buffer.concat([zip(LATER), Buffer.from('x')])],
    ['one that is cut off', 'a.zip', zip(LATER).subarray(0, 100)],
  ])('%s', async (_name, path, bytes) => {
    expect(await contentAfter(sample(path, bytes))).toEqual(bytes);
  });

  test('an Android package with a signature over all of it', async () => {
    const plain = zip(LATER, '');
    const end = plain.length - 22;
    const directory = plain.readUInt32LE(end + 16);
    const block = Buffer.from('APK Sig Block 42');
    const signed = Buffer.concat([plain.subarray(0, directory), block, plain.subarray(directory)]);
    signed.writeUInt32LE(directory + block.length, end + block.length + 16);
    expect(await contentAfter(sample('a.zip', signed))).toEqual(signed);
  });
});

test('hostile zips change nothing but times, and never fail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }), async (edits) => {
      const bytes = zip(LATER);
      for (const [at, value] of edits) bytes[at % bytes.length] = value;
      const { samples } = await normalised([sample('a.zip', bytes)]);
      expect(samples[0]?.content.length).toBe(bytes.length);
    }),
    { numRuns: 200 },
  );
});
