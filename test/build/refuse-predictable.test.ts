import { expect, test } from 'vitest';
import { isSecretName, isSeeded } from '../../src/build/normalise-built.ts';
import { flag } from '../../src/build/plan.ts';
import { INPUTS } from './run-steady.ts';

function build(text: string, seed?: number, argument?: string) {
  const flags = argument === undefined ? [] : [flag('build-arg', argument)];
  return {
    plan: { steady: { ...INPUTS, seed }, invocation: { flags } },
    source: { dockerfileText: text },
  } as unknown as Parameters<typeof isSeeded>[0];
}

test.each([
  ['nothing asks for it', build('FROM a\nRUN x'), false],
  ['a setting', build('FROM a\nRUN x', 7), true],
  ['an argument', build('FROM a\nRUN x', undefined, 'FAKERANDOM_SEED=7'), true],
  ['an ARG', build('FROM a\nARG FAKERANDOM_SEED=7\nRUN x'), true],
  ['a RUN of its own', build('FROM a\nRUN FAKERANDOM_SEED=7 x'), true],
])('random numbers are seeded: %s', (_, prepared, seeded) => {
  expect(isSeeded(prepared)).toBe(seeded);
});

test.each([
  ...[
    'etc/wireguard/private',
    'etc/munge/munge.key',
    'app/hmac.key',
    'etc/rndc.key',
    'etc/machine-id',
  ],
  ...[
    'etc/ipsec.secrets',
    'var/lib/tor/hs_ed25519_secret_key',
    'etc/luks/keyfile',
    'etc/openvpn/ta.key',
  ],
  ...['app/cookie_secret', 'etc/ceph/ceph.client.admin.keyring', 'etc/postfix/sasl_passwd'],
  ...['var/lib/systemd/random-seed', 'etc/krb5kdc/.k5.R', 'etc/bind/tsig.conf', 'home/a/.rnd'],
])('a seeded build may not write %s, whatever is in it', (path) => {
  expect(isSecretName(path)).toBe(true);
});

test.each(['usr/share/dns/root.key', 'usr/bin/passwd', 'etc/passwd', 'app/keys.js', 'app/dh.pem'])(
  'a name alone says nothing of %s',
  (path) => {
    expect(isSecretName(path)).toBe(false);
  },
);
