import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenge } from '../../src/image/registry/auth.ts';

const bearer = (realm: string, service?: string, scope?: string) => ({
  scheme: 'bearer',
  realm,
  service,
  scope,
});

test.each([
  [null, undefined],
  ['', undefined],
  ['Negotiate', undefined],
  ['Bearer', undefined],
  ['Basic realm="x"', { scheme: 'basic' }],
  ['basic', { scheme: 'basic' }],
  ['Bearer realm="https://a/token"', bearer('https://a/token')],
  [
    'Bearer realm="https://a/token",service="reg, istry",scope="repository:a:pull,push"',
    bearer('https://a/token', 'reg, istry', 'repository:a:pull,push'),
  ],
  ['Basic realm="b", Bearer realm="https://a", service=s', bearer('https://a', 's')],
  ['Bearer realm="https://a", Basic realm="b"', bearer('https://a')],
  ['BEARER REALM="q\\"uote"', bearer('q"uote')],
  ['Bearer realm="https://first", realm="https://second"', bearer('https://first')],
])('%j', (header, challenge) => {
  expect(parseChallenge(header)).toEqual(challenge);
});

test('any header ends quickly', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 3000 }), (text) => {
      parseChallenge(`Bearer ${text}`);
    }),
  );
  parseChallenge(`Bearer realm="${'\\'.repeat(8000)}`);
  parseChallenge(`Bearer ${'a '.repeat(4000)}`);
});
