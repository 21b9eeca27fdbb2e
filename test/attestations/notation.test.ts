import { describe, expect, test } from 'vitest';
import { notationTarget } from '../../src/attestations/notation.ts';

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
});
