import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { BuildAuthority, pkcs12 } from '../../src/reproduce/build-authority.ts';

test('a store has the certificate as it is, marked as Java wants one that it trusts', () => {
  const { pem } = new BuildAuthority();
  const store = pkcs12(pem);
  const { raw } = new X509Certificate(pem);
  expect(store.indexOf(raw)).toBeGreaterThan(0);
  // SEQUENCE of the whole, INTEGER 3.
  expect(store[0]).toBe(0x30);
  expect(store.readUInt16BE(2)).toBe(store.length - 4);
  expect(store.subarray(4, 7)).toEqual(Buffer.from([0x02, 0x01, 0x03]));
  // 2.16.840.1.113894.746875.1.1, as keytool writes it.
  expect(
    store.includes(Buffer.from('6086480186f9 66 adca7b 01 01'.replaceAll(' ', ''), 'hex')),
  ).toBe(true);
});
