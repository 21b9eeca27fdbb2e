import { expect, test } from 'vitest';
import { realmUrl } from '../../src/image/registry/auth.ts';

function refused(
  registry: string,
  realm: string,
  { hasCredential = true, tokenServer = undefined as string | undefined } = {},
): string | undefined {
  try {
    realmUrl({ realm, base: new URL(`${registry}/v2/`), tokenServer, hasCredential });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test.each([
  ['https://registry-1.docker.io', 'https://auth.docker.io/token'],
  ['https://quay.io', 'https://quay.io/v2/auth'],
  ['https://ghcr.io', 'https://ghcr.io/token'],
  ['https://registry.gitlab.com', 'https://gitlab.com/jwt/auth'],
  ['https://registry.example.com', 'https://gitlab.example.com/jwt/auth'],
  ['https://registry.dev.example.com', 'https://gitlab.example.com/jwt/auth'],
  ['https://gitlab.example.com:5050', 'https://gitlab.example.com/jwt/auth'],
  ['https://mine.azurecr.io', 'https://mine.azurecr.io/oauth2/token'],
  ['https://europe-docker.pkg.dev', 'https://europe-docker.pkg.dev/v2/token'],
  ['https://registry.digitalocean.com', 'https://api.digitalocean.com/v2/registry/auth'],
  ['https://docker.elastic.co', 'https://docker-auth.elastic.co/auth'],
  ['https://registry.cn-hangzhou.aliyuncs.com', 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'],
  ['https://rg.fr-par.scw.cloud', 'https://api.scaleway.com/registry-internal/v1/token'],
  ['https://nvcr.io', 'https://authn.nvidia.com/token'],
  ['https://registry.redhat.io', 'https://sso.redhat.com/auth/realms/rhcc/token'],
  ['https://10.0.0.5:5000', 'https://10.0.0.5/service/token'],
  ['http://registry.local:5000', 'http://registry.local:5000/token'],
  ['http://localhost:5000', 'http://127.0.0.1:5001/auth'],
])('%s may have its password sent to %s', (registry, realm) => {
  expect(refused(registry, realm)).toBeUndefined();
});

test.each([
  ['https://registry.example.com', 'https://evil.example/token'],
  ['https://registry.example.com', 'https://example.com.evil.example/'],
  ['https://registry.example.com', 'https://notexample.com/'],
  ['https://registry.example.com.', 'https://evil.com./'],
  ['https://example.co.uk', 'https://evil.co.uk/token'],
  ['https://mine.azurecr.io', 'https://evil.azurecr.io/oauth2/token'],
  ['https://ghcr.io', 'https://auth.docker.io/token'],
  ['https://evil.example', 'https://auth.docker.io/token'],
  ['https://nvcr.io.evil.example', 'https://authn.nvidia.com/token'],
])('%s may not have it sent to %s', (registry, realm) => {
  expect(refused(registry, realm)).toContain('wants your password sent to');
  // Without a password there is nothing to lose.
  expect(refused(registry, realm, { hasCredential: false })).toBeUndefined();
  const tokenServer = new URL(realm).hostname.replace(/\.$/, '');
  expect(refused(registry, realm, { tokenServer })).toBeUndefined();
});

test.each([
  ['https://registry.example.com', 'http://registry.example.com/token'],
  ['https://registry.example.com', 'http://127.0.0.1:8080/token'],
  ['http://registry.local:5000', 'http://registry.local:5001/token'],
  ['https://registry.example.com', 'https://me:secret@registry.example.com/token'],
  ['https://registry.example.com', 'file:///etc/passwd'],
  ['https://registry.example.com', 'token'],
])('%s: %s is not asked at all', (registry, realm) => {
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

test.each([
  // This machine names another port of itself and no other address.
  ['http://localhost:5000', 'https://10.0.0.5/token'],
  ['http://127.0.0.1:5000', 'https://169.254.169.254/latest'],
  ['http://[::1]:5000', 'https://[fd00::1]/'],
  ['https://10.0.0.5:5000', 'https://10.0.0.6/token'],
  ['https://10.0.0.5:5000', 'https://127.0.0.1/token'],
  ['https://10.0.0.5:5000', 'https://evil.example/token'],
  ['https://[fd00::2]', 'https://[fd00::3]/token'],
])('%s does not name %s', (registry, realm) => {
  for (const hasCredential of [true, false])
    expect(refused(registry, realm, { hasCredential })).toContain('which is not its own');
});

test('a registry of this machine has no password sent elsewhere', () => {
  const realm = 'https://auth.docker.io/token';
  expect(refused('http://localhost:5000', realm)).toContain('wants your password sent to');
  expect(refused('http://localhost:5000', realm, { hasCredential: false })).toBeUndefined();
});
