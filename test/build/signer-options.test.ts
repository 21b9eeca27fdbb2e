import { expect, test } from 'vitest';
import { namedIdentity, type SignerFlags } from '../../src/build/attest-plan.ts';

const named = (more: Partial<SignerFlags>) =>
  namedIdentity({
    keys: [],
    identity: undefined,
    identityPattern: undefined,
    issuer: undefined,
    issuerPattern: undefined,
    ...more,
  });
const ISSUER = { issuer: 'https://token.actions.githubusercontent.com' };

test('nothing named is nobody named', () => {
  expect(named({})).toEqual({ ok: true, value: undefined });
});

test('who and who vouches for it', () => {
  expect(named({ identity: 'me@example.org', ...ISSUER })).toEqual({
    ok: true,
    value: { identity: { exact: 'me@example.org' }, issuer: { exact: ISSUER.issuer } },
  });
});

test.each([
  '^https://github\\.com/org/',
  'build@.*',
  '(?i)^ME@example\\.org$',
  '\\Ahttps://github.com/org/.*\\z',
  '.*/org/.*',
  '(?P<who>me)@example.org',
])('the pattern %s names somebody', (identityPattern) => {
  expect(named({ identityPattern, ...ISSUER })).toMatchObject({
    ok: true,
    value: { identity: { pattern: identityPattern } },
  });
});

test.each([
  '.*',
  '.+',
  '',
  '^.*$',
  '(.*)',
  '.',
  '[\\s\\S]*',
  '@',
  '^https://',
  '\\w+',
  '(?s).*',
  'a*',
  'x|.*',
])('the pattern %j takes anybody and is refused', (identityPattern) => {
  const answer = named({ identityPattern, ...ISSUER });
  expect(answer).toEqual({
    ok: false,
    error:
      '--certificate-identity-regexp matches anybody: any-identity verification does not count',
  });
});

test.each(['[[:word:]]', '\\Q\\E', '\\pL', '\\x{40}'])(
  'the pattern %j, which Go may read otherwise, is refused',
  (identityPattern) => {
    expect(named({ identityPattern, ...ISSUER })).toEqual({
      ok: false,
      error:
        '--certificate-identity-regexp has what cannot be checked for taking anybody: \\Q \\p \\x{ [:',
    });
  },
);

test.each(['https://.*', '.*'])('so is the issuer %s', (issuerPattern) => {
  expect(named({ identity: 'me@example.org', issuerPattern }).ok).toBe(false);
});

test.each([
  [{ identity: 'me' }, '--certificate-identity needs --certificate-oidc-issuer beside it'],
  [ISSUER, '--certificate-oidc-issuer needs --certificate-identity beside it'],
  [{ identity: ' ', ...ISSUER }, '--certificate-identity must name somebody'],
  [
    { identity: 'a', identityPattern: 'a', ...ISSUER },
    '--certificate-identity and --certificate-identity-regexp exclude each other',
  ],
  [
    { identityPattern: '(', ...ISSUER },
    '--certificate-identity-regexp is not a regular expression',
  ],
])('%j: %s', (flags, error) => {
  expect(named(flags)).toEqual({ ok: false, error });
});
