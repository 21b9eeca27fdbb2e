import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { cpuMs } from '../cpu-time.ts';
import { file, layerFacts } from './support.ts';

const MIB = 1024 * 1024;
const packed = (text: string, length: number): Uint8Array =>
  zipSync({ 'app/settings': Buffer.alloc(length, text) }, { level: 9 });
/** Many zips in one: 40 KB that unpack to 200 MiB. */
const many = (text: string): Uint8Array => {
  const member = packed(text, MIB);
  return zipSync(
    Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${index}.zip`, member])),
    { level: 9 },
  );
};

test.each([
  ['names of passwords, one after the other', many('password=')],
  ['beginnings of web tokens', many('eyJ')],
  ['beginnings of gzip in base64', packed(`H4sIAAAAAAAAA0vMSQUA${'A'.repeat(40)}\n`, 16 * MIB)],
  ['beginnings of zips in base64', packed(`UEsDBBQAAAAI${'A'.repeat(48)}\n`, 16 * MIB)],
  ['base64 in base64', packed('UVVGQlFVRkJRVUZC', 16 * MIB)],
  ['beginnings of private keys', packed('-----BEGIN PRIVATE KEY-----\n', 16 * MIB)],
])('a small zip of %s takes seconds', (_what, bytes) => {
  expect(bytes.length).toBeLessThan(64 * 1024);
  // Of the quick ones some take 5 s on a slow machine; they took minutes.
  expect(cpuMs(() => layerFacts([file('opt/a.zip', bytes)]))).toBeLessThan(20_000);
});
