import { expect, test } from 'vitest';
import { realmUrl } from '../../src/image/registry/auth.ts';
import { tableRows } from '../fakes/table.ts';

function refused(
  registry: string,
  realm: string,
  { hasCredential = true, tokenServers = [] as readonly string[] } = {},
): string | undefined {
  try {
    realmUrl({ realm, base: new URL(`${registry}/v2/`), tokenServers, hasCredential });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

const rows = (what: string): readonly (readonly string[])[] =>
  tableRows('test/image/token-realm.tsv')
    .filter(([kind]) => kind === what)
    .map((row) => row.slice(1));

test.each(rows('sent'))('%s may have its password sent to %s', (registry, realm) => {
  expect(refused(registry, realm)).toBeUndefined();
});

test.each(rows('refused'))('%s may not have it sent to %s', (registry, realm) => {
  expect(refused(registry, realm)).toContain('wants your password sent to');
  // Without a password there is nothing to lose.
  expect(refused(registry, realm, { hasCredential: false })).toBeUndefined();
  const tokenServers = [new URL(realm).hostname.replace(/\.$/, '')];
  expect(refused(registry, realm, { tokenServers })).toBeUndefined();
});

test.each(rows('not asked'))('%s: %s is not asked at all', (registry, realm) => {
  expect(refused(registry, realm, { hasCredential: false })).toContain('not an https address');
});

test.each([
  'https://169.254.169.254/latest/meta-data',
  'https://[fd00::1]/',
  'https://localhost:8443/',
  'https://2130706433/',
])('a registry elsewhere does not lead into this network: %s', (realm) => {
  expect(refused('https://registry.example.com', realm, { hasCredential: false })).toContain(
    'which is not its own',
  );
});

test.each(rows('elsewhere'))('%s does not name %s', (registry, realm) => {
  for (const hasCredential of [true, false])
    expect(refused(registry, realm, { hasCredential })).toContain('which is not its own');
});

test('a registry of this machine has no password sent elsewhere', () => {
  const realm = 'https://auth.docker.io/token';
  expect(refused('http://localhost:5000', realm)).toContain('wants your password sent to');
  expect(refused('http://localhost:5000', realm, { hasCredential: false })).toBeUndefined();
});
