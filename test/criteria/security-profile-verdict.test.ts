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
  {
    name: 'a few system calls',
    facts: of(seccomp(['read', 'write'])),
    outcome: 'pass',
    says: 'allows 8 of the default’s',
  },
  {
    name: 'wrapped by cosign as text',
    facts: of({ Data: JSON.stringify(seccomp(['read'])) }),
    outcome: 'pass',
    says: 'seccomp profile',
  },
  {
    name: 'wrapped in profile',
    facts: of({ profile: seccomp(['read']) }),
    outcome: 'pass',
    says: 'seccomp',
  },
  {
    name: 'unverified: anyone could have attached it',
    facts: having(attestation('x/seccomp', seccomp(['read']), { verification: 'unverified' })),
    outcome: 'unknown',
    says: 'nobody is known to have signed that',
    source: 'unverified-attestation',
  },
  {
    name: 'allows by default',
    facts: of(seccomp([], 'SCMP_ACT_ALLOW')),
    outcome: 'fail',
    says: 'lets other calls through',
  },
  {
    name: 'logs by default',
    facts: of(seccomp([], 'SCMP_ACT_LOG')),
    outcome: 'fail',
    says: 'lets other calls through',
  },
  {
    name: 'allows what the default forbids',
    facts: of(seccomp(['read', 'bpf', 'mount'])),
    outcome: 'fail',
    says: 'bpf (the default allows it on conditions), mount',
  },
  {
    name: 'an unfiltered clone',
    facts: of(seccomp([...DEFAULT_SYSCALLS, 'clone'])),
    outcome: 'fail',
    says: 'clone (the default allows it on conditions)',
  },
  { name: 'does not parse', facts: of('{'), outcome: 'fail', says: 'no' },
  { name: 'no profile', facts: of({ hello: 1 }), outcome: 'fail', says: 'no default action' },
  { name: 'null', facts: of(null), outcome: 'fail', says: 'no default action' },
  {
    name: 'AppArmor that grants files by path',
    facts: armor('  network inet,\n  /app/** r,'),
    outcome: 'pass',
    says: 'AppArmor',
  },
  {
    name: 'AppArmor as wide as docker-default',
    facts: armor('  file,\n  network,\n  capability,\n  umount,\n  deny mount,'),
    outcome: 'fail',
    says: 'what docker-default denies',
  },
  {
    name: 'AppArmor in complain mode',
    facts: armor('  /app/** r,', ' flags=(complain)'),
    outcome: 'fail',
    says: 'complain',
  },
  {
    name: 'AppArmor that grants mounts',
    facts: armor('  mount,\n  /app/** r,'),
    outcome: 'fail',
    says: 'mount',
  },
  {
    name: 'SELinux',
    facts: of('(block app)', 'https://example.com/selinux/v1'),
    outcome: 'unknown',
    says: 'SELinux module',
  },
  {
    name: 'another subject',
    facts: having(attestation('x/seccomp', seccomp(['read']), { subjects: [OTHER] })),
    outcome: 'fail',
    says: 'another image',
  },
  {
    name: 'a tight and a wide one, both verified, in either order',
    facts: having(
      attestation('x/seccomp', seccomp(['read'])),
      attestation('x/seccomp', seccomp(['read', 'mount'])),
    ),
    outcome: 'fail',
    says: 'one of 2 that are attached) allows what the default forbids: mount',
  },
  {
    name: 'a wide and a tight one',
    facts: having(
      attestation('x/seccomp', seccomp([], 'SCMP_ACT_ALLOW')),
      attestation('x/seccomp', seccomp(['read'])),
    ),
    outcome: 'fail',
    says: 'lets other calls through',
  },
  {
    name: 'a wide one that the same signer replaced, where it still hangs',
    facts: having(
      attestation('x/seccomp', seccomp([], 'SCMP_ACT_ALLOW'), { verifiedBy: 'cosign.pub' }),
      attestation('x/seccomp', seccomp(['read']), { verifiedBy: 'cosign.pub' }),
    ),
    outcome: 'fail',
    says: 'the same signer attached a tighter one: delete this one, or publish another digest',
  },
  {
    name: 'a tight seccomp profile beside an AppArmor profile in complain mode',
    facts: having(
      attestation('x/seccomp', seccomp(['read'])),
      attestation('x/apparmor', { content: 'profile app flags=(complain) { /app r, }' }),
    ),
    outcome: 'fail',
    says: 'complain',
  },
  {
    name: 'a tight one beside one that cannot be judged',
    facts: having(
      attestation('x/seccomp', seccomp(['read'])),
      attestation('x/apparmor', { filesystem: { readOnlyPaths: ['/app'] } }),
    ),
    outcome: 'unknown',
    says: 'structured AppArmor',
  },
  {
    name: 'a tight one that is signed beside a wide one that nobody signed',
    facts: having(
      attestation('x/seccomp', seccomp([], 'SCMP_ACT_ALLOW'), { verification: 'unverified' }),
      attestation('x/seccomp', seccomp(['read'])),
    ),
    outcome: 'pass',
    says: 'allows 8 of the default’s',
  },
  {
    name: 'two tight ones',
    facts: having(
      attestation('x/seccomp', seccomp(['read'])),
      attestation('x/apparmor', { content: 'profile app { /app r, }' }),
    ),
    outcome: 'pass',
    says: 'seccomp profile',
  },
  {
    name: 'AppArmor that says it is not proven',
    facts: of({ content: '# NOT PROVEN: no kernel\nprofile app { /app r, }' }, 'x/apparmor'),
    outcome: 'unknown',
    says: 'not proven',
  },
  { name: 'none', facts: having(), outcome: 'fail', says: 'no security profile' },
  {
    name: 'not read',
    facts: factsOf({ image: image() }),
    outcome: 'unknown',
    says: 'not gathered',
  },
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
