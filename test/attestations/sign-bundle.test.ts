import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { OpenedKey } from '../../src/attestations/opened-key.ts';
import { preAuthEncoding, signBundle, signBytes } from '../../src/attestations/sign-bundle.ts';
import { digestOf } from '../../src/model/digest.ts';

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

test('the encoding gives each length in bytes before its text', () => {
  expect(preAuthEncoding('type/x', Buffer.from('Käse')).toString()).toBe('DSSEv1 6 type/x 5 Käse');
});

test('a signature that does not verify is never given out', () => {
  const broken = { ...key, sign: () => Buffer.from('no signature') };
  expect(() => signBytes(broken, Buffer.from('x'))).toThrow(
    'a signature that was just made does not verify with its own public key',
  );
});
