import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokenClaims } from '../../src/trust/oidc.ts';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims: unknown): string => `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
const least = { iss: 'https://i.example', sub: 's', aud: 'sigstore', exp: 2 };

test.each([
  [least, { issuer: 'https://i.example', subject: 's', audience: ['sigstore'], expiresAt: 2000 }],
  [
    { ...least, aud: ['a', 'b'], repository: 'o/r', repository_visibility: 'private' },
    { audience: ['a', 'b'], repository: 'o/r', visibility: 'private' },
  ],
  [
    { ...least, project_path: 'g/p', project_visibility: 'public' },
    { repository: 'g/p', visibility: 'public' },
  ],
  [
    { ...least, email: 'a@b', federated_claims: { connector_id: 'https://c.example' } },
    { email: 'a@b', connector: 'https://c.example' },
  ],
])('reads %j', (claims, expected) => {
  expect(tokenClaims(token(claims))).toMatchObject({ ok: true, value: expected });
});

test.each([
  ['', 'it is not a JSON Web Token'],
  ['a.b', 'it is not a JSON Web Token'],
  ['a.b.c\n', 'it is not a JSON Web Token'],
  ['a.b.c', 'it does not contain claims'],
  [token({ iss: 'x' }), 'it does not say who issued it, for whom, and until when'],
  [token({ ...least, exp: '2' }), 'it does not say who issued it, for whom, and until when'],
])('refuses %j', (text, error) => {
  expect(tokenClaims(text)).toEqual({ ok: false, error });
});

test('an error does not repeat the token', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 12 }), (text) => {
      const read = tokenClaims(text);
      expect(read.ok || !read.error.includes(text)).toBe(true);
    }),
  );
});
