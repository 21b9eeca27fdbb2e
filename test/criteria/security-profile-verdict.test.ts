import { expect, test } from 'vitest';
import { DEFAULT_SYSCALLS } from '../../src/criteria/security-profile/seccomp-default.ts';
import { securityProfile } from '../../src/criteria/security-profile/verdict.ts';
import type { ImageConfig } from '../../src/model/image.ts';
import type { FoundAttestation } from '../../src/model/statement.ts';
import { judgesAs } from './criterion-table.ts';
import { attestation, attestations, factsOf, image, OTHER } from './facts-builder.ts';

const START = ['execve', 'openat', 'close', 'write', 'futex', 'fstatfs', 'getdents64'];
const seccomp = (names: readonly string[], defaultAction = 'SCMP_ACT_ERRNO') => ({
  defaultAction,
  syscalls: [{ names: [...START, ...names], action: 'SCMP_ACT_ALLOW' }],
});
const having = (...list: readonly FoundAttestation[]) =>
  factsOf({ image: image(), attestations: attestations(...list) });
const of = (predicate: unknown, type = 'https://example.com/seccomp/v1') =>
  having(attestation(type, predicate));
const armor = (body: string, flags = '') =>
  of(
    `#include <tunables/global>\nprofile app${flags} {\n${body}\n}\n`,
    'https://example.com/apparmor/v1',
  );

judgesAs(securityProfile, [
  ['pass', 'a few system calls', of(seccomp(['read', 'write'])), 'allows 8 of the default’s'],
  [
    'pass',
    'wrapped by cosign as text',
    of({ Data: JSON.stringify(seccomp(['read'])) }),
    'seccomp profile',
  ],
  ['pass', 'wrapped in profile', of({ profile: seccomp(['read']) }), 'seccomp'],
  [
    'unknown',
    'unverified: anyone could have attached it',
    having(attestation('x/seccomp', seccomp(['read']), { verification: 'unverified' })),
    'nobody is known to have signed that',
    { source: 'unverified-attestation' },
  ],
  ['fail', 'allows by default', of(seccomp([], 'SCMP_ACT_ALLOW')), 'lets other calls through'],
  ['fail', 'logs by default', of(seccomp([], 'SCMP_ACT_LOG')), 'lets other calls through'],
  [
    'fail',
    'allows what the default forbids',
    of(seccomp(['read', 'bpf', 'mount'])),
    'bpf (the default allows it on conditions), mount',
  ],
  [
    'fail',
    'an unfiltered clone',
    of(seccomp([...DEFAULT_SYSCALLS, 'clone'])),
    'clone (the default allows it on conditions)',
  ],
  ['fail', 'does not parse', of('{'), 'no'],
  ['fail', 'no profile', of({ hello: 1 }), 'no default action'],
  ['fail', 'null', of(null), 'no default action'],
  [
    'pass',
    'AppArmor that grants files by path',
    armor('  network inet,\n  /app/** r,'),
    'AppArmor',
  ],
  [
    'fail',
    'AppArmor as wide as docker-default',
    armor('  file,\n  network,\n  capability,\n  umount,\n  deny mount,'),
    'what docker-default denies',
  ],
  ['fail', 'AppArmor in complain mode', armor('  /app/** r,', ' flags=(complain)'), 'complain'],
  ['fail', 'AppArmor that grants mounts', armor('  mount,\n  /app/** r,'), 'mount'],
  ['unknown', 'SELinux', of('(block app)', 'https://example.com/selinux/v1'), 'SELinux module'],
  [
    'fail',
    'another subject',
    having(attestation('x/seccomp', seccomp(['read']), { subjects: [OTHER] })),
    'another image',
  ],
  [
    'fail',
    'a tight and a wide one, both verified, in either order',
    having(
      attestation('x/seccomp', seccomp(['read'])),
      attestation('x/seccomp', seccomp(['read', 'mount'])),
    ),
    'one of 2 that are attached) allows what the default forbids: mount',
  ],
  [
    'fail',
    'a wide and a tight one',
    having(
      attestation('x/seccomp', seccomp([], 'SCMP_ACT_ALLOW')),
      attestation('x/seccomp', seccomp(['read'])),
    ),
    'lets other calls through',
  ],
  [
    'fail',
    'a wide one that the same signer replaced, where it still hangs',
    having(
      attestation('x/seccomp', seccomp([], 'SCMP_ACT_ALLOW'), { verifiedBy: 'cosign.pub' }),
      attestation('x/seccomp', seccomp(['read']), { verifiedBy: 'cosign.pub' }),
    ),
    'the same signer attached a tighter one: delete this one, or publish another digest',
  ],
  [
    'fail',
    'a tight seccomp profile beside an AppArmor profile in complain mode',
    having(
      attestation('x/seccomp', seccomp(['read'])),
      attestation('x/apparmor', { content: 'profile app flags=(complain) { /app r, }' }),
    ),
    'complain',
  ],
  [
    'unknown',
    'a tight one beside one that cannot be judged',
    having(
      attestation('x/seccomp', seccomp(['read'])),
      attestation('x/apparmor', { filesystem: { readOnlyPaths: ['/app'] } }),
    ),
    'structured AppArmor',
  ],
  [
    'pass',
    'a tight one that is signed beside a wide one that nobody signed',
    having(
      attestation('x/seccomp', seccomp([], 'SCMP_ACT_ALLOW'), { verification: 'unverified' }),
      attestation('x/seccomp', seccomp(['read'])),
    ),
    'allows 8 of the default’s',
  ],
  [
    'pass',
    'two tight ones',
    having(
      attestation('x/seccomp', seccomp(['read'])),
      attestation('x/apparmor', { content: 'profile app { /app r, }' }),
    ),
    'seccomp profile',
  ],
  [
    'unknown',
    'AppArmor that says it is not proven',
    of({ content: '# NOT PROVEN: no kernel\nprofile app { /app r, }' }, 'x/apparmor'),
    'not proven',
  ],
  ['fail', 'none', having(), 'no security profile'],
  ['unknown', 'not read', factsOf({ image: image() }), 'not gathered'],
]);

test('a profile is offered where the image starts a program to trace', () => {
  const settled = (config: NonNullable<ImageConfig['config']>) =>
    securityProfile.judge(factsOf({ image: image({ config }), attestations: attestations() }))
      .settle;
  expect(settled({})).toBe('scoville explain security-profile');
  expect(settled({ Cmd: [] })).toBe('scoville explain security-profile');
  expect(settled({ Entrypoint: ['/app'] })).toBeUndefined();
});

test('a tighter one of another signer does not replace a wide one', () => {
  const wide = attestation('x/seccomp', seccomp([], 'SCMP_ACT_ALLOW'), { verifiedBy: 'a.pub' });
  const tight = attestation('x/seccomp', seccomp(['read']), { verifiedBy: 'b.pub' });
  const verdict = securityProfile.judge(having(wide, tight));
  expect(verdict.outcome).toBe('fail');
  expect(verdict.summary).not.toContain('the same signer');
});
