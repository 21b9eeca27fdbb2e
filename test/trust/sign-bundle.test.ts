import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import {
  misstated,
  type OpenedKey,
  preAuthEncoding,
  signBundle,
  signBytes,
} from '../../src/trust/keys.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key: OpenedKey = {
  sign: (bytes) => sign('sha256', bytes, privateKey),
  verifies: (bytes, signature) => verify('sha256', bytes, publicKey, signature),
  publicKey: publicKey.export({ format: 'der', type: 'spki' }),
};
const subject = digestOf('an index');
const other = digestOf('a manifest');

describe('signBundle', () => {
  const bundle = JSON.parse(
    signBundle(key, {
      subjects: [subject, other],
      predicateType: 'https://example.org/p',
      predicate: { a: 1 },
    }).toString(),
  ) as {
    mediaType: string;
    verificationMaterial: unknown;
    dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
  };

  test('is a v0.3 bundle that names the key by its fingerprint', () => {
    expect(bundle.mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    expect(bundle.verificationMaterial).toEqual({
      publicKey: { hint: createHash('sha256').update(key.publicKey).digest('base64') },
    });
  });

  test('states subject and predicate', () => {
    expect(JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString())).toEqual({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://example.org/p',
      subject: [
        { name: subject.slice(7), digest: { sha256: subject.slice(7) } },
        { name: other.slice(7), digest: { sha256: other.slice(7) } },
      ],
      predicate: { a: 1 },
    });
  });

  test('is signed over the pre-authentication encoding', () => {
    const { payload, payloadType, signatures } = bundle.dsseEnvelope;
    const signed = preAuthEncoding(payloadType, Buffer.from(payload, 'base64'));
    expect(signatures).toHaveLength(1);
    expect(key.verifies(signed, Buffer.from(signatures[0]?.sig ?? '', 'base64'))).toBe(true);
  });
});

test('a signature that does not verify is never given out', () => {
  const broken = { ...key, sign: () => Buffer.from('no signature') };
  expect(() => signBytes(broken, Buffer.from('x'))).toThrow(
    'a signature that was just made does not verify with its own public key',
  );
});

describe('what a bundle has to state', () => {
  const recorded = (name: string): Buffer =>
    readFileSync(new URL(`../fixtures/cosign/${name}`, import.meta.url));
  const predicateType = 'https://example.org/t';

  test.each(['2.5.0', '3.1.1'])('of cosign %s is what was asked, and nothing else', (version) => {
    const bundle = recorded(`${version}/bundle.json`);
    const about = [digestOf(recorded(`${version}/manifest.json`))];
    const claim = { subjects: about, predicateType, predicate: { a: 1 } };
    expect(misstated(bundle, claim)).toBeUndefined();
    expect(misstated(bundle, { ...claim, subjects: [other] })).toContain('its subject is sha256:');
    expect(misstated(bundle, { ...claim, predicateType: 'https://example.org/other' })).toContain(
      'its predicate type is https://example.org/t',
    );
    expect(misstated(bundle, { ...claim, predicate: { a: 2 } })).toContain('its predicate is not');
  });

  const good = { digest: { sha256: subject.slice(7) } };
  const made = (statement: object, change: object = {}): Buffer =>
    Buffer.from(
      JSON.stringify({
        mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        dsseEnvelope: {
          payloadType: 'application/vnd.in-toto+json',
          payload: Buffer.from(
            JSON.stringify({
              _type: 'https://in-toto.io/Statement/v1',
              predicateType,
              predicate: {},
              subject: [good],
              ...statement,
            }),
          ).toString('base64'),
          signatures: [{ sig: 'AA==' }],
          ...change,
        },
      }),
    );
  const claim = { subjects: [subject], predicateType, predicate: {} };

  test.each<[string, Uint8Array, boolean]>([
    ['the claim', made({}), true],
    ['a second subject', made({ subject: [good, { digest: { sha256: 'b'.repeat(64) } }] }), false],
    ['a second subject without a digest', made({ subject: [good, { name: 'x' }] }), false],
    ['no subject', made({ subject: [] }), false],
    ['another payload type', made({}, { payloadType: 'text/plain' }), false],
    ['another statement type', made({ _type: 'x' }), false],
    ['no JSON', Buffer.from('{'), false],
  ])('%s', (_, bytes, isFit) => {
    expect(misstated(bytes, claim) === undefined).toBe(isFit);
  });

  test('any bytes give an answer', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, (given) => {
        expect(misstated(given, claim)).toBeTypeOf('string');
      }),
    );
  });
});
