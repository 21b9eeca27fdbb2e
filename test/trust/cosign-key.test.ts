import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isKeyUri,
  keyAccess,
  keyName,
  openCosignKey,
  openPemKey,
  withoutPin,
} from '../../src/trust/keys.ts';
import { keyFile } from '../fakes/cosign-key-file.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pkcs8 = pair.privateKey.export({ format: 'der', type: 'pkcs8' });

describe('openCosignKey', () => {
  test('opens a key and signs so that its public half verifies', async () => {
    const opened = await openCosignKey(keyFile(pkcs8, 'pass'), 'pass');
    if (!opened.ok) throw new Error(opened.error);
    const bytes = Buffer.from('what is signed');
    const signature = opened.value.sign(bytes);
    expect(opened.value.verifies(bytes, signature)).toBe(true);
    expect(opened.value.verifies(Buffer.from('another'), signature)).toBe(false);
    const known = createPublicKey(pair.privateKey).export({ format: 'der', type: 'spki' });
    expect(opened.value.publicKey.equals(known)).toBe(true);
  });

  test('opens the older name of the same form', async () => {
    const text = keyFile(pkcs8, '').replaceAll('SIGSTORE', 'COSIGN');
    expect((await openCosignKey(text, '')).ok).toBe(true);
  });

  test('tells a wrong password from another kind of key', async () => {
    const text = keyFile(pkcs8, 'right');
    expect(await openCosignKey(text, 'wrong')).toEqual({ ok: false, error: 'wrong-password' });
    expect(await openCosignKey('no key', '')).toEqual({ ok: false, error: 'other' });
  });

  test.each([
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
    ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ['Ed25519', generateKeyPairSync('ed25519').privateKey],
  ])('opens %s, sealed and plain', async (_, key) => {
    const der = key.export({ format: 'der', type: 'pkcs8' });
    const sealed = key.export({
      ...{ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'p' },
    });
    for (const opened of [
      await openCosignKey(keyFile(der, ''), ''),
      openPemKey(key.export({ format: 'pem', type: 'pkcs8' }).toString(), ''),
      openPemKey(sealed.toString(), 'p'),
    ]) {
      if (!opened.ok) throw new Error(opened.error);
      const bytes = Buffer.from('what is signed');
      const signature = opened.value.sign(bytes);
      expect(opened.value.verifies(bytes, signature)).toBe(true);
      expect(opened.value.verifies(Buffer.from('another'), signature)).toBe(false);
    }
    expect(openPemKey(sealed.toString(), 'q')).toEqual({ ok: false, error: 'wrong-password' });
    expect(openPemKey(sealed.toString(), '')).toEqual({ ok: false, error: 'wrong-password' });
  });

  test.each([
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey],
    ['P-224', generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).privateKey],
    ['RSA of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
    ['Ed448', generateKeyPairSync('ed448').privateKey],
    ['X25519', generateKeyPairSync('x25519').privateKey],
  ])('refuses %s, which cosign does not verify', async (_, key) => {
    const der = key.export({ format: 'der', type: 'pkcs8' });
    const refused = { ok: false, error: 'unsupported' };
    expect(await openCosignKey(keyFile(der, ''), '')).toEqual(refused);
    expect(openPemKey(key.export({ format: 'pem', type: 'pkcs8' }).toString(), '')).toEqual(
      refused,
    );
  });

  test.each([
    ['a public key', pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()],
    ['no key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
    ['too long a text', `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(70_000)}`],
    ['cosign’s own form', keyFile(pkcs8, '')],
  ])('does not take %s for a plain key', (_, text) => {
    expect(openPemKey(text, '')).toEqual({ ok: false, error: 'other' });
  });

  test.each<[string, (json: Record<string, unknown>) => void]>([
    ['another cipher', (json) => (json['cipher'] = { name: 'aes', nonce: 'AAAA' })],
    ['another derivation', (json) => (json['kdf'] = { name: 'pbkdf2' })],
    ['no ciphertext', (json) => delete json['ciphertext']],
    ['a short nonce', (json) => (json['cipher'] = { name: 'nacl/secretbox', nonce: 'AAAA' })],
    [
      'scrypt that asks for gigabytes',
      (json) =>
        (json['kdf'] = { name: 'scrypt', params: { N: 2 ** 30, r: 8, p: 1 }, salt: 'AAAA' }),
    ],
    [
      'parameters that are no numbers',
      (json) => (json['kdf'] = { name: 'scrypt', params: { N: '1', r: 8, p: 1 }, salt: 'AAAA' }),
    ],
  ])('does not open %s', async (_, change) => {
    expect(await openCosignKey(keyFile(pkcs8, '', change), '')).toEqual({
      ok: false,
      error: 'other',
    });
  });

  test('takes linear time on text that is made to be slow', async () => {
    const text = (n: number): string =>
      `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${' '.repeat(n)}`;
    expect(await openCosignKey(text(65_000), '')).toEqual({ ok: false, error: 'other' });
    const started = process.cpuUsage();
    await openCosignKey(text(65_000), '');
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(500);
  });

  test('leaves nothing of the key in memory that others get', async () => {
    const text = keyFile(pkcs8, 'pass');
    expect((await openCosignKey(text, 'pass')).ok).toBe(true);
    const scalar = Buffer.alloc(32);
    scalar.write(pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
    // The memory that small buffers are cut from.
    expect(Buffer.from(Buffer.allocUnsafe(1).buffer).indexOf(scalar)).toBe(-1);
  });

  test.each([
    { N: 1023, r: 8, p: 1 },
    { N: 1, r: 8, p: 1 },
    { N: 2, r: 2 ** 20, p: 1 },
    { N: 2, r: 1, p: 2 ** 20 },
    { N: 2 ** 17, r: 1, p: 1 },
    { N: 65_536, r: 1, p: 1 },
  ])('scrypt with %j ends without throwing', async (params) => {
    const text = keyFile(pkcs8, 'pass', (json) => {
      json['kdf'] = { name: 'scrypt', params, salt: 'AAAA' };
    });
    expect((await openCosignKey(text, 'pass')).ok).toBe(false);
  });

  test('never throws on what is no key', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 300 }), async (text) => {
        const body = Buffer.from(text).toString('base64');
        const pem = `-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\n${body}\n-----END ENCRYPTED COSIGN PRIVATE KEY-----`;
        expect(await openCosignKey(pem, '')).toEqual({ ok: false, error: 'other' });
      }),
    );
  });
});

test.each([
  [
    'pkcs11:token=t;object=k?module-path=/m.so&pin-value=12%2634',
    'pkcs11:token=t;object=k?module-path=/m.so',
    '12&34',
  ],
  ['pkcs11:token=t?pin-value=1234&module-path=/m.so', 'pkcs11:token=t?module-path=/m.so', '1234'],
  ['PKCS11:token=t?PIN-VALUE=1234', 'PKCS11:token=t', '1234'],
  ['pkcs11:token=t?pin-value=a&pin-value=b', 'pkcs11:token=t', 'b'],
  ['pkcs11:token=t?pin-value=%zz', 'pkcs11:token=t', '%zz'],
])('%s: the PIN goes by the environment', (uri, ref, pin) => {
  expect(keyAccess(uri, '')).toEqual({ ref, env: { COSIGN_PASSWORD: '', COSIGN_PKCS11_PIN: pin } });
  expect(keyName(uri)).toBe(ref);
});

test.each(['awskms:///alias/x', 'cosign.key', 'pkcs11:token=t?module-path=/m.so', 'k?pin-value=1'])(
  '%s has no PIN',
  (ref) => {
    expect(withoutPin(ref)).toEqual({ ref });
    expect(keyAccess(ref)).toEqual({ ref, env: {} });
  },
);

test('a password in an address is not shown', () => {
  expect(keyName('hashivault://user:secret@vault/key')).toBe('hashivault://***@vault/key');
});

test.each([
  ['env://KEY', true],
  ['gcpkms://p/k', true],
  ['keys/cosign.key', false],
  ['/abs/cosign.key', false],
])('%s is an address: %s', (ref, is) => {
  expect(isKeyUri(ref)).toBe(is);
});
