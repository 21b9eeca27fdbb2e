import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { notationTarget } from '../../src/trust/attached.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const payload = (digest: unknown): Buffer =>
  Buffer.from(JSON.stringify({ targetArtifact: { mediaType: 'x', digest, size: 1 } }));
const jws = (body: Buffer): Buffer =>
  Buffer.from(
    JSON.stringify({ payload: body.toString('base64url'), protected: 'e30', signature: '' }),
  );
/** COSE_Sign1 with empty headers and signature; the payload is longer than 255 bytes never here. */
const cose = (body: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([0xd2, 0x84, 0x40, 0xa0, 0x58, body.length]),
    body,
    Buffer.from([0x40]),
  ]);

describe('notationTarget', () => {
  test.each([
    ['JWS', 'application/jose+json', jws],
    ['COSE', 'application/cose', cose],
  ])('finds the digest in %s', (_, mediaType, envelope) => {
    expect(notationTarget(envelope(payload(DIGEST)), mediaType)).toEqual({
      ok: true,
      value: DIGEST,
    });
    expect(notationTarget(envelope(payload('sha512:00')), mediaType)).toEqual({
      ok: false,
      error: 'the notation signature does not name a sha256 digest',
    });
    expect(notationTarget(envelope(Buffer.from('no JSON')), mediaType).ok).toBe(false);
  });

  test('what is no envelope is told as such', () => {
    expect(notationTarget(Buffer.from('{}'), 'application/jose+json')).toEqual({
      ok: false,
      error: 'the notation envelope has no payload',
    });
    expect(notationTarget(Buffer.from([0x01]), 'application/cose')).toEqual({
      ok: false,
      error: 'the notation envelope is not a COSE_Sign1 with a payload',
    });
    expect(notationTarget(Buffer.alloc(2_000_000), 'application/cose').ok).toBe(false);
  });

  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
  const good = payload(DIGEST).toString('hex');
  const size = (good.length / 2).toString(16).padStart(2, '0');

  test.each([
    ['nothing', ''],
    ['bytes behind', `d28440a058${size}${good}40 01`],
    ['no signature', `d28340a058${size}${good}`],
    ['a length that lies', 'd28440a05affffffff00'],
    ['a count that lies', '9affffffff00'],
    ['a huge number', '1bffffffffffffffff'],
    ['an indefinite length', `d29f40a058${size}${good}40ff`],
    ['deep enough for a stack to end', `${'81'.repeat(500_000)}01`],
    ['tags that deep', `${'d2'.repeat(500_000)}01`],
    ['many items', `9a000f0000${'01'.repeat(983_040)}`],
    ['a key that is repeated', `d28440a20101010258${size}${good}40`],
    ['a tag that is not COSE_Sign1', `c08440a058${size}${good}40`],
  ])('refuses COSE with %s', (_, text) => {
    expect(notationTarget(hex(text), 'application/cose').ok).toBe(false);
  });

  test('takes COSE with and without its tag', () => {
    for (const tag of ['d2', ''])
      expect(notationTarget(hex(`${tag}8440a058${size}${good}40`), 'application/cose').ok).toBe(
        true,
      );
  });

  test('any bytes end in an answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof notationTarget(bytes, 'application/cose').ok).toBe('boolean');
      }),
    );
  });
});
