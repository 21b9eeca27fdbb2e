import { sign, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { notationSigner, notationTarget } from '../../src/attestations/notation.ts';
import { Authority, type Identity } from '../fakes/company.ts';

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

describe('notationSigner', () => {
  const company = new Authority('Company CA');
  const mine = company.server('mine.test');
  const theirs = company.server('theirs.test');
  interface Made {
    readonly by?: Identity;
    readonly time?: string;
    readonly more?: Record<string, unknown>;
    readonly header?: Record<string, unknown>;
    readonly of?: string;
  }
  const signedBy = ({ by = mine, time = '1', more, header, of = DIGEST }: Made = {}): Buffer => {
    const attributes = { alg: 'ES256', 'io.cncf.notary.signingTime': time, ...more };
    const head = Buffer.from(JSON.stringify(attributes)).toString('base64url');
    const body = payload(of).toString('base64url');
    const key = { key: by.key, dsaEncoding: 'ieee-p1363' } as const;
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), key).toString('base64url');
    const x5c = [new X509Certificate(by.cert).raw.toString('base64')];
    const envelope = { payload: body, protected: head, header: { x5c, ...header }, signature };
    return Buffer.from(JSON.stringify(envelope));
  };
  const first = notationSigner(signedBy());

  test('is the same for what was signed again later', () => {
    expect(first).toContain(new X509Certificate(mine.cert).raw.toString('base64'));
    expect(notationSigner(signedBy({ time: '2' }))).toBe(first);
  });

  test.each<[string, Made]>([
    ['another certificate', { by: theirs }],
    ['another image', { of: `sha256:${'b'.repeat(64)}` }],
    ['one that ends', { more: { 'io.cncf.notary.expiry': '3' } }],
    ['one with a timestamp', { header: { 'io.cncf.notary.timestampSignature': 'AA==' } }],
  ])('is another for %s', (_, made) => {
    const other = notationSigner(signedBy(made));
    expect(other).toBeDefined();
    expect(other).not.toBe(first);
  });

  test('is nobody where the signature does not hold', () => {
    const x5c = [new X509Certificate(mine.cert).raw.toString('base64')];
    const broken = [
      signedBy({ by: theirs, header: { x5c } }),
      signedBy({ more: { alg: 'none' } }),
      signedBy({ header: { x5c: [] } }),
      jws(payload(DIGEST)),
      cose(payload(DIGEST)),
      Buffer.from('no JSON'),
    ];
    expect(broken.map(notationSigner)).toEqual(broken.map(() => undefined));
  });
});
