import { describe, expect, test } from 'vitest';
import { Allowed, type AllowedRegistry, imageText, parseImage } from '../../src/service/allowed.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function rule(host: string, more: Partial<AllowedRegistry> = {}): AllowedRegistry {
  return { host, repositories: [], plainHttp: false, also: [], isPrivate: false, ...more };
}

const allowed = new Allowed(
  [
    rule('registry.example.com', {
      repositories: ['team/*', 'lone'],
      also: ['auth.example.com', 'blobs.example.net:8443'],
    }),
    rule('plain.example.com:5000', { plainHttp: true }),
    rule('127.0.0.1:5000'),
    rule('[::1]:5000'),
    rule('localhost:5001'),
    rule('inner.example.com', { isPrivate: true }),
    rule('xn--bcher-kva.example'),
    rule('docker.io'),
    rule('ghcr.io'),
  ],
  'https://osv.example.com',
);

test.each([
  ['registry.example.com/team/app:1', 'registry.example.com/team/app:1'],
  ['registry.example.com/team/app', 'registry.example.com/team/app:latest'],
  [`registry.example.com/team/app@${DIGEST}`, `registry.example.com/team/app@${DIGEST}`],
  ['localhost:5001/app:1', 'localhost:5001/app:1'],
  ['[::1]:5000/app:1', '[::1]:5000/app:1'],
  ['docker.io/alpine:3', 'docker.io/library/alpine:3'],
])('the name %s is %s', (text, name) => {
  const parsed = parseImage(text);
  expect(parsed.ok && imageText(parsed.value)).toBe(name);
});

test.each([
  '',
  'alpine',
  'alpine:3',
  'team/app:1',
  '2130706433/app',
  'Registry.example.com/app:1',
  'registry.example.com./app:1',
  'localhost./app:1',
  'user@registry.example.com/app:1',
  'user:secret@registry.example.com/app:1',
  'registry.example.com/app:1@evil.example',
  `registry.example.com/app:1@${DIGEST}`,
  'registry.example.com/App:1',
  'registry.example.com/../app:1',
  'registry.example.com//app:1',
  'registry.example.com/app%2f..:1',
  'registry.example.com/app:1 ',
  ' registry.example.com/app:1',
  'registry.example.com/app:1\n',
  'registry.example.com/app:1\0',
  'bücher.example/app:1',
  'registry.example.com\\@evil.example/app',
  'registry.example.com#@evil.example/app',
  'registry.example.com?x=/app',
  'https://registry.example.com/app:1',
  'registry:registry.example.com/app:1',
  'docker://registry.example.com/app:1',
  'oci:/etc',
  'rootfs:/',
  './folder/app',
  '/etc/passwd',
  '-',
  '[::1/app',
  '[fe80::1%25eth0]/app',
  `registry.example.com/${'a/'.repeat(2000)}b`,
])('%j is not the name of an image', (text) => {
  expect(parseImage(text).ok).toBe(false);
});

test.each([
  ['registry.example.com/team/app:1', undefined],
  ['registry.example.com/team/deep/app:1', undefined],
  ['registry.example.com/lone:1', undefined],
  ['registry.example.com/lone/app:1', 'repository registry.example.com/lone/app'],
  ['registry.example.com/other/app:1', 'repository registry.example.com/other/app'],
  ['registry.example.com:444/team/app:1', 'registry registry.example.com:444'],
  ['auth.example.com/team/app:1', 'registry auth.example.com'],
  ['127.0.0.1:5000/app:1', undefined],
  // The same address by another spelling is not what settings say.
  ['127.1:5000/app:1', 'registry 127.1:5000'],
  ['0x7f.1:5000/app:1', 'registry 0x7f.1:5000'],
  ['127.0.0.1:5002/app:1', 'registry 127.0.0.1:5002'],
  ['localhost:5000/app:1', 'registry localhost:5000'],
  ['169.254.169.254/latest:1', 'registry 169.254.169.254'],
  ['[::ffff:127.0.0.1]:5000/app:1', 'not a registry'],
  ['xn--bcher-kva.example/app:1', undefined],
  ['docker.io/library/alpine:3', undefined],
  ['quay.io/app:1', 'registry quay.io'],
])('whether settings allow %s: %s', (text, why) => {
  const parsed = parseImage(text);
  if (!parsed.ok) expect(why).toBe('not a registry');
  else if (why === undefined) expect(allowed.refusal(parsed.value)).toBeUndefined();
  else expect(allowed.refusal(parsed.value)).toBe(`settings do not allow the ${why}`);
});

/** What a connection to the address may lead to. */
function reach(address: string): string {
  try {
    const guard = allowed.guardOf(new URL(address));
    if (guard === undefined) return 'as written';
    const [ofNetwork, metadata] = [guard.refuses('10.1.2.3'), guard.refuses('169.254.169.254')];
    if (!metadata || guard.refuses('93.184.215.14')) return 'wrong';
    return ofNetwork ? 'public' : 'private';
  } catch (error) {
    return (error as Error).message;
  }
}

test.each([
  ['https://registry.example.com/v2/', 'public'],
  ['https://auth.example.com/token', 'public'],
  ['https://blobs.example.net:8443/x', 'public'],
  ['https://inner.example.com/v2/', 'private'],
  ['http://127.0.0.1:5000/v2/', 'as written'],
  ['http://127.1:5000/v2/', 'as written'],
  ['http://0x7f000001:5000/v2/', 'as written'],
  ['http://[::1]:5000/v2/', 'as written'],
  ['http://localhost:5001/v2/', 'as written'],
  ['http://plain.example.com:5000/v2/', 'public'],
  ['https://registry-1.docker.io/v2/', 'public'],
  ['https://auth.docker.io/token', 'public'],
  ['https://production.cloudflare.docker.com/registry-v2/x', 'public'],
  ['https://docker-images-prod.6aa3.r2.cloudflarestorage.com/x', 'public'],
  ['https://pkg-containers.githubusercontent.com/x', 'public'],
  ['https://api.osv.dev/v1/querybatch', 'public'],
  ['https://osv.example.com/v1/querybatch', 'private'],
  ['https://registry.npmjs.org/x', 'public'],
])('an address that settings lead to: %s, %s', (address, how) => {
  expect(reach(address)).toBe(how);
});

test.each([
  'http://registry.example.com/v2/',
  'https://registry.example.com:8443/v2/',
  'https://blobs.example.net/x',
  'https://evil.example/',
  'https://registry.example.com.evil.example/',
  'https://registry.example.com./v2/',
  'https://registry.example.com@evil.example/',
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/latest/',
  'http://127.0.0.1/',
  'http://127.0.0.1:5001/',
  'http://localhost:5000/',
  'http://localhost.:5001/',
  'http://[::ffff:127.0.0.1]:5000/',
  'http://0.0.0.0:5000/',
  'http://2130706433:5001/',
  'https://docker-images-prod.a.b.r2.cloudflarestorage.com/x',
  'https://docker-images-prod.evil.example/r2.cloudflarestorage.com',
  'https://docker.io.evil.example/',
  'http://auth.docker.io/token',
  'https://cdn.quay.io/x',
])('an address that no setting leads to: %s', (address) => {
  const { host } = new URL(address);
  expect(reach(address)).toBe(`${host} is not among the hosts that settings allow`);
});

describe('answers of DNS', () => {
  const guard = allowed.guardOf(new URL('https://registry.example.com/'));
  const inner = allowed.guardOf(new URL('https://inner.example.com/'));
  test.each([
    ['93.184.215.14', false, false],
    ['2606:2800:21f:cb07:6820:80da:af6b:8b2c', false, false],
    ['10.0.0.1', true, false],
    ['172.16.3.4', true, false],
    ['192.168.1.1', true, false],
    ['100.64.0.1', true, false],
    ['127.0.0.1', true, false],
    ['fc00::1', true, false],
    ['fd12:3456::1', true, false],
    ['::1', true, false],
    ['::ffff:10.0.0.1', true, false],
    // No private network is made of these.
    ['0.0.0.0', true, true],
    ['169.254.169.254', true, true],
    ['168.63.129.16', true, true],
    ['224.0.0.1', true, true],
    ['255.255.255.255', true, true],
    ['::', true, true],
    ['fe80::1', true, true],
    ['ff02::1', true, true],
    ['::ffff:169.254.169.254', true, true],
    ['::ffff:a9fe:a9fe', true, true],
  ])('%s is refused: %s, of a private registry: %s', (address, ofPublic, ofPrivate) => {
    expect([guard?.refuses(address), inner?.refuses(address)]).toEqual([ofPublic, ofPrivate]);
  });
});

test.each([
  ['https://registry.example.com/v2/team/app/manifests/1', true],
  ['https://registry.example.com/v2/', true],
  ['https://registry.example.com/token?scope=repository:other:pull', true],
  ['https://registry.example.com/v2/other/app/manifests/1', false],
  ['https://registry.example.com/v2/other/app/blobs/sha256:1', false],
  ['https://registry.example.com/v2/team%2fapp/manifests/1', false],
  ['https://auth.example.com/v2/other/app/manifests/1', true],
])('a repository in an address: %s, %s', (address, isAllowed) => {
  const check = (): void => {
    allowed.checkPath(new URL(address));
  };
  if (isAllowed) expect(check).not.toThrow();
  else expect(check).toThrow('settings do not allow the repository');
});
