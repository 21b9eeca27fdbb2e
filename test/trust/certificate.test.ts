import { generateKeyPairSync } from 'node:crypto';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { certificateIdentity } from '../../src/trust/bundle.ts';

interface Stand {
  readonly makeFulcio: () => unknown;
  readonly leaf: (fulcio: unknown, key: Buffer, claims: Record<string, unknown>) => Buffer;
}

const stand = (await import(
  resolve(import.meta.dirname, '../sigstore/fulcio.mjs')
)) as unknown as Stand;
const fulcio = stand.makeFulcio();
const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({
  format: 'der',
  type: 'spki',
});

test.each([
  [
    { iss: 'https://accounts.example.com', email: 'jane@example.com', sub: '1' },
    { subject: 'jane@example.com', issuer: 'https://accounts.example.com' },
  ],
  [
    {
      iss: 'https://token.actions.githubusercontent.com',
      sub: 'repo:o/r:ref:refs/heads/main',
      repository: 'o/r',
      job_workflow_ref: 'o/r/.github/workflows/i.yml@refs/heads/main',
    },
    {
      subject: 'https://github.com/o/r/.github/workflows/i.yml@refs/heads/main',
      issuer: 'https://token.actions.githubusercontent.com',
    },
  ],
])('names the subject and the issuer of %j', (claims, identity) => {
  expect(certificateIdentity(stand.leaf(fulcio, key, claims))).toEqual(identity);
});

test.each([
  ['a control character', { iss: 'https://i.example', email: 'a@\u001b[2Jb', sub: '1' }],
  ['a line end', { iss: 'https://i.example\nhttps://j.example', email: 'a@b.example', sub: '1' }],
])('takes no name with %s', (_, claims) => {
  expect(certificateIdentity(stand.leaf(fulcio, key, claims))).toBeUndefined();
});

test('hostile bytes are no certificate, and end', () => {
  const good = stand.leaf(fulcio, key, { iss: 'https://i.example', email: 'a@b.example' });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const changed = Buffer.from(good);
      changed[at] = byte;
      const found = certificateIdentity(changed);
      expect(found === undefined || typeof found.subject === 'string').toBe(true);
      expect(certificateIdentity(good.subarray(0, at))).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(certificateIdentity(bytes)).toBeUndefined();
    }),
  );
});
