import { expect, test } from 'vitest';
import { bodyOf, wholeStream } from '../../src/lib/bytes.ts';

test('a stream is read whole, up to a bound, and closed beyond it', async () => {
  let given = 0;
  let isClosed = false;
  async function* stream(): AsyncGenerator<Uint8Array> {
    try {
      for (; given < 9; given += 1) yield await Promise.resolve(Buffer.from('ab'));
    } finally {
      isClosed = true;
    }
  }
  expect((await wholeStream(stream(), 18))?.toString()).toBe('ab'.repeat(9));
  given = 0;
  isClosed = false;
  expect(await wholeStream(stream(), 5)).toBeUndefined();
  expect([given, isClosed]).toEqual([2, true]);
});

test('an answer without a body is empty', async () => {
  expect(await wholeStream(bodyOf(new Response(null)), 0)).toEqual(Buffer.alloc(0));
  expect((await wholeStream(bodyOf(new Response('abc')), 3))?.toString()).toBe('abc');
});
