import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentAfter, EPOCH, LATER, normalised, sample } from './sample-layer.ts';

function seal(body: Uint8Array, password: string): Buffer {
  const key = Buffer.from(password, 'utf16le').swap16();
  return createHash('sha1').update(key).update('Mighty Aphrodite').update(body).digest();
}

function entry(alias: string, milliseconds: number, tag = 2): Buffer {
  const [tagBytes, date, length] = [Buffer.alloc(4), Buffer.alloc(8), Buffer.alloc(4)];
  tagBytes.writeUInt32BE(tag);
  date.writeBigUInt64BE(BigInt(milliseconds));
  const certificate = Buffer.from(`certificate of ${alias}`);
  length.writeUInt32BE(certificate.length);
  return Buffer.concat([tagBytes, utf(alias), date, utf('X.509'), length, certificate]);
}

function utf(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}

function store(entries: readonly Buffer[], password = 'changeit'): Buffer {
  const head = Buffer.from('feedfeed0000000200000000', 'hex');
  head.writeUInt32BE(entries.length, 8);
  const body = Buffer.concat([head, ...entries]);
  return Buffer.concat([body, seal(body, password)]);
}

const PATH = 'etc/ssl/certs/java/cacerts';

test('dates become the epoch, entries are in order, the seal is right', async () => {
  const before = store([entry('debian:b', LATER * 1000 + 5), entry('debian:a', 1000)]);
  expect(await contentAfter(sample(PATH, before))).toEqual(
    store([entry('debian:a', 1000), entry('debian:b', EPOCH * 1000)]),
  );
});

describe('left alone', () => {
  test.each([
    ['a store with another password', store([entry('a', LATER * 1000)], 'secret')],
    ['a store with a private key', store([entry('a', LATER * 1000, 1)])],
    ['a store that is as it should be', store([entry('a', 1000)])],
    ['a store that is cut off', store([entry('a', LATER * 1000)]).subarray(0, 30)],
  ])('%s', async (_name, bytes) => {
    expect(await contentAfter(sample(PATH, bytes))).toEqual(bytes);
  });

  test('a sealed store whose counts lie', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(255), async (at, value) => {
        const body = store([entry('a', LATER * 1000), entry('b', 1)]).subarray(0, -20);
        body[8 + (at % (body.length - 8))] = value;
        const bytes = Buffer.concat([body, seal(body, 'changeit')]);
        const { samples } = await normalised([sample(PATH, bytes)]);
        expect(samples[0]?.content.length).toBe(bytes.length);
      }),
    );
  });
});
