import { describe, expect, test } from 'vitest';
import { lockedPackages, lockedRemotes, presentPackages } from '../../src/build/plan-lock.ts';
import type { Package } from '../../src/model/packages.ts';
import { digest } from './given.ts';

function pack(name: string, version: string, type: Package['type'] = 'deb'): Package {
  return {
    type,
    name,
    version,
    purl: `pkg:${type}/${name}@${version}`,
    licenses: [],
    location: { path: 'p', layer: digest('0') },
  };
}

describe('lockedPackages', () => {
  test('leaves out what the base has in the same version, and sorts', () => {
    const image = [
      pack('libc6', '2'),
      pack('jq', '1'),
      pack('curl', '8'),
      pack('jq', '1'),
      pack('x', '1', 'npm'),
    ];
    expect([...lockedPackages(image, [pack('libc6', '2'), pack('curl', '7')])]).toEqual([
      ['deb', ['curl 8', 'jq 1']],
      ['npm', ['x 1']],
    ]);
  });

  test('names that are no words become words', () => {
    const odd = [pack('a b', '1\n2'), pack('', ''), pack('p%', '\u202e1'), pack('\ud800', '1')];
    expect([...lockedPackages(odd, [])]).toEqual([
      ['deb', ['- ', 'a%20b 1%0A2', 'p%25 %E2%80%AE1', '\ufffd 1']],
    ]);
  });
});

describe('presentPackages', () => {
  test('what the base has counts where the own layers have no other version of it', () => {
    const image = [
      pack('curl', '8'),
      pack('git', '2'),
      pack('semver', '7', 'npm'),
      pack('semver', '6', 'npm'),
      pack('git', '2', 'npm'),
    ];
    const base = [pack('curl', '7'), pack('git', '2'), pack('semver', '6', 'npm')];
    expect([...presentPackages(image, base)]).toEqual([
      ['deb', ['curl 8', 'git 2']],
      ['npm', ['git 2', 'semver 7']],
    ]);
  });
});

describe('lockedRemotes', () => {
  const sha256 = 'a'.repeat(64);

  test('files and repositories, no images, no malformed checksums', () => {
    const { remotes, secret } = lockedRemotes([
      { uri: 'pkg:docker/node@22', digest: { sha256 } },
      { uri: 'https://example.com/f', digest: { sha256 } },
      { uri: 'https://example.com/r.git#main', digest: { sha1: 'b'.repeat(40) } },
      { uri: 'https://example.com/none', digest: {} },
      { uri: 'https://example.com/short', digest: { sha256: 'ab' } },
      { uri: 'file:///etc/passwd', digest: { sha256 } },
    ]);
    expect([...remotes]).toEqual([
      ['https://example.com/f', `sha256:${sha256}`],
      ['https://example.com/r.git#main', `sha1:${'b'.repeat(40)}`],
    ]);
    expect(secret).toEqual([]);
  });

  test('an address that holds a secret is named, masked, and not locked', () => {
    const { remotes, secret } = lockedRemotes([
      { uri: 'https://u:hunter2@example.com/f', digest: { sha256 } },
      { uri: 'https://s3.example.com/f?X-Amz-Signature=abc', digest: { sha256 } },
    ]);
    expect([...remotes]).toEqual([]);
    expect(secret).toEqual(['https://****@example.com/f', 'https://s3.example.com/f?…']);
  });
});
