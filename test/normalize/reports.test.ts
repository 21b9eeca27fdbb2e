import { describe, expect, test } from 'vitest';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import { LATER, normalised, type Sample, sample } from './sample-layer.ts';

/** Self-signed, CN=t, valid from 2026-03-01T00:00:00Z; its key was thrown away. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBLDCB36ADAgECAhQET5ShV95cnma7HHU9gjr2dvRWvDAFBgMrZXAwDDEKMAgG
A1UEAwwBdDAeFw0yNjAzMDEwMDAwMDBaFw0zNjAzMDEwMDAwMDBaMAwxCjAIBgNV
BAMMAXQwKjAFBgMrZXADIQCT1eK0QivplEOejTmNY7nCPY3J404k23+6SQSN1SiX
2aNTMFEwHQYDVR0OBBYEFJRdqKPBDNVFHtw/g+8ObZv+zuQ8MB8GA1UdIwQYMBaA
FJRdqKPBDNVFHtw/g+8ObZv+zuQ8MA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA
Wxx45ANjH1tUgaHw7mrfoJKNtuCihbijThV/RS+E9qvqEKhRZZt0VZXVQk3gLq6P
EO5EzjWaoSSTPkO31tYzAQ==
-----END CERTIFICATE-----
`;
const OPENSSH = '-----BEGIN OPENSSH PRIVATE KEY-----\n';
const PRIVATE = 'private-keys private-key';
const MADE = Date.UTC(2026, 2, 1) / 1000;
const KEY = '-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n';

async function findings(one: Sample, over: Parameters<typeof normalised>[1] = {}) {
  const { result, samples } = await normalised([one], over);
  // Whatever is reported is never changed.
  expect(Buffer.compare(samples[0]?.content ?? Buffer.alloc(0), one.content)).toBe(0);
  return result.reports.map(({ path, rule, kind }) => `${path} ${rule} ${kind}`);
}

describe('reported', () => {
  test.each([
    ['etc/ssl/private/a.key', KEY, LATER, PRIVATE],
    ['root/id', `${OPENSSH}b3Blbg==\n`, LATER, PRIVATE],
    ['etc/ssh/ssh_host_ed25519_key', OPENSSH, 1, PRIVATE],
    ['etc/ssh/ssh_host_ed25519_key.pub', 'ssh-ed25519 AAAA root@host\n', LATER, PRIVATE],
    ['etc/ssl/a.crt', CERTIFICATE, MADE + 5, 'fresh-certificates certificate'],
    ['srv/stamp', 'built on 2026-03-01\n', MADE, 'build-dates build-date'],
    ['srv/stamp', 'built on Sun Mar  1 00:00:05 UTC 2026\n', MADE, 'build-dates build-date'],
    ['srv/stamp', 'date=20260301', MADE, 'build-dates build-date'],
    ['srv/stamp', 'Sun, 01 Mar 2026 00:00:05 +0000', MADE, 'build-dates build-date'],
    ['etc/machine-id', `${'0a'.repeat(16)}\n`, LATER, 'random-ids machine-id'],
  ])('%s', async (path, content, mtime, expected) => {
    expect(await findings(sample(path, content, { mtime }))).toEqual([`${path} ${expected}`]);
  });

  test('with a remedy', async () => {
    const { result } = await normalised([sample('etc/ssh/ssh_host_rsa_key', KEY)]);
    expect(result.reports[0]?.remedy).toContain('ssh-keygen -A');
  });
});

describe('not reported', () => {
  test.each([
    ['what a COPY brought: it is the user’s own', sample('a.key', KEY), { copied: true }],
    ['a public key', sample('a.pem', '-----BEGIN PUBLIC KEY-----\n'), {}],
    ['a key that came with a package', sample('usr/share/doc/a/test.key', KEY, { mtime: 1 }), {}],
    ['a bundle of authorities', sample('etc/ssl/certs/ca-certificates.crt', CERTIFICATE), {}],
    ['a certificate that is none', sample('a.crt', CERTIFICATE.replace(/MII[^-]*/, 'AAAA\n')), {}],
    ['another day', sample('a', 'built on 2026-02-01, version 120260301', { mtime: MADE }), {}],
    ['bytes', sample('a', '\0 2026-03-01', { mtime: MADE }), {}],
    ['an empty machine id', sample('etc/machine-id', ''), {}],
    ['anything, turned off', sample('etc/ssh/ssh_host_rsa_key', KEY), { rules: ruleSet('off') }],
  ])('%s', async (_name, one, over) => {
    expect(await findings(one, over)).toEqual([]);
  });

  test('a machine id that aggressive rules empty', async () => {
    const { result, samples } = await normalised([sample('etc/machine-id', 'ab'.repeat(16))], {
      rules: ruleSet('aggressive'),
    });
    expect(result.reports).toEqual([]);
    expect(result.touched).toEqual([{ path: 'etc/machine-id', rule: 'machine-id' }]);
    expect(samples[0]?.entry.size).toBe(0);
  });
});
