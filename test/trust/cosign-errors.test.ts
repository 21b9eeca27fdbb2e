import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  cosignSaid,
  cosignUserError,
  dialectOf,
  verificationFailure,
} from '../../src/trust/cosign.ts';

describe.each(['2.5.0', '3.1.1'])('cosign %s', (version) => {
  const recorded = (name: string): string =>
    readFileSync(new URL(`../fixtures/cosign/${version}/${name}`, import.meta.url), 'utf8');

  test.each([
    ['wrong.err', 'wrong password for the signing key k.key'],
    ['nopw.err', 'the signing key k.key is encrypted, and no password was given'],
    ['nokey.err', 'the signing key k.key cannot be read'],
  ])('%s: %s', (file, message) => {
    expect(cosignUserError(recorded(file), 'k.key')?.message).toBe(message);
  });

  test.each([
    ['wrongkey.err', 'failed'],
    ['subject.err', 'failed'],
    ['notuf.err', 'unknown'],
  ])('verifying, %s counts as %s', (file, outcome) => {
    expect(verificationFailure(recorded(file))).toBe(outcome);
  });

  test('what it said is one line, without its noise', () => {
    expect(cosignSaid(recorded('wrongkey.err'))).toBe(
      'failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1',
    );
  });

  test('its help tells its dialect', () => {
    expect(dialectOf(recorded('attest-blob-help.txt'))).toBe(
      version === '2.5.0' ? 'flags' : 'signing-config',
    );
  });
});

test('a cosign without PKCS#11 is named', () => {
  const said = 'Error: opening pkcs11 token key: unimplemented';
  expect(cosignUserError(said, 'pkcs11:token=t?pin-value=1234')?.message).toBe(
    'this cosign was built without PKCS#11',
  );
});

test.each([
  [
    'awskms:///alias/app',
    'getting public key: the security token is expired',
    /^check its address, its type and the credentials for it/,
  ],
  [
    'acmekms://app',
    'loading URL: unrecognized scheme: acmekms://',
    /^install its plugin, sigstore-kms-acmekms, on PATH/,
  ],
])('what a KMS says of %s is said, in one line', (key, said, nextStep) => {
  const error = cosignUserError(`Error: ${said}\nerror during command execution: ${said}\n`, key);
  expect(error?.message).toBe(`the signing key ${key} cannot be used: ${said}`);
  expect(error?.nextStep).toMatch(nextStep);
});

test('a cosign that knows no bundles has no dialect', () => {
  expect(dialectOf('Flags:\n  --key\n  --bundle')).toBeUndefined();
});
