import { expect, test } from 'vitest';
import { isKeyUri, keyAccess, keyName, withoutPin } from '../../src/trust/keys.ts';

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
