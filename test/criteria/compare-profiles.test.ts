import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_RULES } from '../../src/criteria/security-profile/seccomp-default.ts';
import { judgeProfile } from '../../src/criteria/security-profile/verdict.ts';
import { type Engine, type Entry, mayPass, type Profile } from './evaluator.ts';

/** The default in the form of a profile. */
const DEFAULT: Profile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: DEFAULT_RULES.map((rule) => ({
    names: rule.names,
    action: 'SCMP_ACT_ALLOW',
    args: rule.conditions.map(({ index, op, value, mask }) =>
      op === 'MASKED_EQ'
        ? { index, op: `SCMP_CMP_${op}`, value: mask, valueTwo: value }
        : { index, op: `SCMP_CMP_${op}`, value },
    ),
    includes: {
      arches: rule.arches ?? [],
      caps: rule.caps ?? [],
      ...(rule.minKernel === undefined ? {} : { minKernel: rule.minKernel.join('.') }),
    },
    excludes: { arches: rule.notArches ?? [], caps: rule.notCaps ?? [] },
  })),
};

const allow = (names: string, rest: Partial<Entry> = {}): Entry => ({
  names: names.split(' '),
  action: 'SCMP_ACT_ALLOW',
  ...rest,
});
/** Without these no container starts. */
const START = allow('execve openat close write futex fstatfs getdents64');
const with0 = (op: string, value: number, valueTwo = 0): Partial<Entry> => ({
  args: [{ index: 0, op: `SCMP_CMP_${op}`, value, valueTwo }],
});
const judge = (entries: readonly unknown[], rest: object = {}, architecture = 'amd64') =>
  judgeProfile(
    'seccomp',
    { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [START, ...entries], ...rest },
    architecture,
  );
const NAMESPACES = 2114060288;

describe('a seccomp profile beside the default', () => {
  test.each<[string, string, readonly unknown[], object?, string?]>([
    ['tighter', 'a few calls', [allow('read write')]],
    [
      'tighter',
      'clone as the default filters it',
      [allow('clone', with0('MASKED_EQ', NAMESPACES))],
    ],
    ['tighter', 'clone without any flag', [allow('clone', with0('EQ', 17))]],
    ['tighter', 'clone with more masked', [allow('clone', with0('MASKED_EQ', 0xffffff00))]],
    ['not-tighter', 'clone unfiltered', [allow('read clone')]],
    ['not-tighter', 'clone with one namespace', [allow('clone', with0('MASKED_EQ', 0x7c020000))]],
    [
      'not-tighter',
      'clone that asks for one',
      [allow('clone', with0('MASKED_EQ', NAMESPACES, 0x10000000))],
    ],
    [
      'not-tighter',
      'clone filtered twice, which is either',
      [
        allow('clone', {
          args: [
            { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: NAMESPACES, valueTwo: 0 },
            { index: 0, op: 'SCMP_CMP_NE', value: 1 },
          ],
        }),
      ],
    ],
    [
      'not-tighter',
      'clone beside a refusal',
      [
        allow('clone'),
        {
          names: ['clone'],
          action: 'SCMP_ACT_ERRNO',
          ...with0('MASKED_EQ', 0x10000000, 0x10000000),
        },
      ],
    ],
    [
      'not-tighter',
      'a filter on another argument',
      [allow('clone', { args: [{ index: 1, op: 'SCMP_CMP_MASKED_EQ', value: NAMESPACES }] })],
    ],
    [
      'tighter',
      'that argument on s390x',
      [allow('clone', { args: [{ index: 1, op: 'SCMP_CMP_MASKED_EQ', value: NAMESPACES }] })],
      {},
      's390x',
    ],
    ['tighter', 'sockets of IPv4', [allow('socket', with0('EQ', 2))]],
    ['not-tighter', 'sockets of the kernel’s cryptography', [allow('socket', with0('EQ', 38))]],
    ['not-tighter', 'sockets of all kinds but one', [allow('socket', with0('NE', 40))]],
    ['not-tighter', 'a value wider than 32 bits', [allow('socket', with0('EQ', 2 ** 32 + 38))]],
    [
      'tighter',
      'mount with the right to it',
      [allow('read'), allow('mount', { includes: { caps: ['CAP_SYS_ADMIN'] } })],
    ],
    ['not-tighter', 'mount without', [allow('mount')]],
    [
      'not-tighter',
      'mount with another right',
      [allow('mount', { includes: { caps: ['CAP_CHOWN'] } })],
    ],
    [
      'not-tighter',
      'mount but with the right',
      [allow('mount', { excludes: { caps: ['CAP_SYS_ADMIN'] } })],
    ],
    [
      'tighter',
      'clone with the right to namespaces',
      [allow('read'), allow('clone', { includes: { caps: ['CAP_SYS_ADMIN'] } })],
    ],
    ['tighter', 'ptrace from 4.8', [allow('ptrace', { includes: { minKernel: '4.8' } })]],
    ['not-tighter', 'ptrace from 4.7', [allow('ptrace', { includes: { minKernel: '4.7' } })]],
    ['not-tighter', 'ptrace before 4.8', [allow('ptrace', { excludes: { minKernel: '4.8' } })]],
    ['not-tighter', 'a call logged', [{ names: ['mount'], action: 'SCMP_ACT_LOG' }]],
    ['not-tighter', 'a call left to a tracer', [{ names: ['mount'], action: 'SCMP_ACT_TRACE' }]],
    [
      'malformed',
      'a call left to an agent, without which runc starts nothing',
      [{ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }],
      { listenerPath: '/run/x' },
    ],
    ['not-tighter', 'the old spelling', [{ name: 'mount', action: 'SCMP_ACT_ALLOW' }]],
    ['tighter', 'calls that this machine lacks', [allow('read breakpoint s390_runtime_instr')]],
    ['not-tighter', 'arch_prctl where the engine has 32 bits', [allow('arch_prctl')], {}, '386'],
    [
      'not-tighter',
      '64 bits beside an engine of 32',
      [allow('read')],
      { architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] },
      '386',
    ],
    ['tighter', 'its own machine', [allow('read')], { architectures: ['SCMP_ARCH_X86_64'] }],
    ['not-tighter', 'traced by default', [], { defaultAction: 'SCMP_ACT_TRACE' }],
    ['undecided', 'refusals that look like success', [allow('read')], { defaultErrnoRet: 0 }],
    [
      'undecided',
      'one refusal that does',
      [allow('read'), { names: ['setuid'], action: 'SCMP_ACT_ERRNO', errnoRet: 0 }],
    ],
    ['malformed', 'a key that Go folds', [allow('read')], { Syscalls: [allow('mount')] }],
    [
      'malformed',
      'a key with the Kelvin sign',
      [{ names: ['read'], action: 'SCMP_ACT_ALLOW', includes: { 'min\u212aernel': '4.8' } }],
    ],
    ['malformed', 'an unknown action', [{ names: ['mount'], action: 'ALLOW' }]],
    ['malformed', 'an unknown comparison', [allow('clone', with0('MASK', 1))]],
    [
      'malformed',
      'an argument that is not there',
      [allow('clone', { args: [{ index: 6, op: 'SCMP_CMP_EQ', value: 1 }] })],
    ],
    ['malformed', 'name and names', [{ name: 'read', names: ['mount'], action: 'SCMP_ACT_ALLOW' }]],
    [
      'malformed',
      'two lists of machines',
      [],
      { architectures: ['SCMP_ARCH_X86'], archMap: [{ architecture: 'SCMP_ARCH_X86' }] },
    ],
    ['malformed', 'no kernel version', [allow('read', { includes: { minKernel: '4' } })]],
    ['malformed', 'an unknown flag', [allow('read')], { flags: ['SECCOMP_FILTER_FLAG_X'] }],
  ])('%s: %s', (holds, _name, entries, rest = {}, architecture = 'amd64') => {
    expect(judge(entries, rest, architecture)).toMatchObject({ kind: 'seccomp', holds });
  });

  test('the default itself is not, on any machine', () => {
    for (const architecture of ['amd64', '386', 'arm64', 'arm', 'ppc64le', 's390x', 'riscv64'])
      expect(judge(DEFAULT.syscalls, {}, architecture).reason).toBe(
        'allows every system call that the default allows',
      );
  });

  test('the default with one argument less is', () => {
    const entries = DEFAULT.syscalls.filter(({ args }) => args?.[0]?.value !== 39);
    expect(judge(entries).reason).toBe('allows fewer arguments of socket');
  });
});

const NAMES = [
  'read',
  'clone',
  'socket',
  'personality',
  'ptrace',
  'mount',
  'bpf',
  'clone3',
  'chroot',
  'made_up',
];
const CAPS = ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_BPF', 'CAP_CHOWN', 'CAP_SYS_CHROOT'];
const VALUES = [0, 1, 8, 37, 38, 39, 40, 41, 131072, 131080, NAMESPACES, 0x10000000, 0xffffffff];
const OPS = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'];

const filter = fc.record(
  {
    arches: fc.subarray(['amd64', 's390x', 'arm64']),
    caps: fc.subarray(CAPS, { maxLength: 2 }),
    minKernel: fc.constantFrom('4.7', '4.8', '5.0'),
  },
  { requiredKeys: [] },
);
const entry: fc.Arbitrary<Entry> = fc.record(
  {
    names: fc.subarray(NAMES, { minLength: 1, maxLength: 2 }),
    action: fc.constantFrom(
      'SCMP_ACT_ALLOW',
      'SCMP_ACT_ALLOW',
      'SCMP_ACT_LOG',
      'SCMP_ACT_ERRNO',
      'SCMP_ACT_KILL',
    ),
    args: fc.array(
      fc.record({
        index: fc.constantFrom(0, 0, 1),
        value: fc.constantFrom(...VALUES),
        valueTwo: fc.constantFrom(0, 0, 8, 0x10000000),
        op: fc.constantFrom(...OPS.map((op) => `SCMP_CMP_${op}`)),
      }),
      { maxLength: 2 },
    ),
    includes: filter,
    excludes: filter,
  },
  { requiredKeys: ['names', 'action'] },
);
const engine: fc.Arbitrary<Engine> = fc.record({
  arch: fc.constant('amd64'),
  kernel: fc.constantFrom('3.10', '4.7', '4.8', '5.0', '6.1'),
  caps: fc.subarray(CAPS),
});
const argument = fc.constantFrom(
  ...VALUES.flatMap((value) => [BigInt(value), BigInt(value) + 1n, BigInt(value) | (1n << 40n)]),
);
const call = fc.record({
  name: fc.constantFrom(...NAMES),
  args: fc.array(argument, { minLength: 2, maxLength: 2 }),
});

/** Profiles of one or two rules, of which a fair part is tighter. */
const profile: fc.Arbitrary<Profile> = fc.record({
  defaultAction: fc.constant('SCMP_ACT_ERRNO'),
  syscalls: fc.array(entry, { minLength: 1, maxLength: 2 }).map((entries) => [START, ...entries]),
});

test('a tighter one never allows a call that the default refuses', () => {
  let tighter = 0;
  fc.assert(
    fc.property(
      profile,
      fc.array(fc.tuple(engine, call), { minLength: 60, maxLength: 60 }),
      (one, tries) => {
        if (judgeProfile('seccomp', one, 'amd64').holds !== 'tighter') return;
        tighter += 1;
        for (const [around, made] of tries)
          if (mayPass(one, around, made)) expect(mayPass(DEFAULT, around, made)).toBe(true);
      },
    ),
    { numRuns: 3000 },
  );
  // Else the test would hold nothing.
  expect(tighter).toBeGreaterThan(100);
});

test('one that is not tighter allows something more, or as much', () => {
  // Rules without conditions of their own, of which the comparison is exact.
  fc.assert(
    fc.property(fc.subarray(NAMES, { minLength: 1 }), (names) => {
      const { holds } = judge([allow(names.join(' '))]);
      const isMore = names.some((name) => name !== 'read' && name !== 'ptrace');
      const old = names.includes('ptrace');
      expect(holds).toBe(isMore || old ? 'not-tighter' : 'tighter');
    }),
  );
});

describe('a profile under which no container starts', () => {
  const judged = (entries: readonly Entry[]) =>
    judgeProfile('seccomp', { defaultAction: 'SCMP_ACT_ERRNO', syscalls: entries }, 'amd64');
  test.each(START.names)('refuses %s', (name) => {
    const names = START.names.filter((one) => one !== name);
    const answer = {
      holds: 'malformed',
      reason: `refuses what a container needs to start: ${name}`,
    };
    expect(judged([{ ...START, names }])).toMatchObject(answer);
    expect(judged([START, { names: [name], action: 'SCMP_ACT_ERRNO' }])).toMatchObject(answer);
    expect(judged([{ ...START, names }, allow(name, with0('EQ', 1))])).toMatchObject(answer);
    expect(
      judged([{ ...START, names }, allow(name, { includes: { caps: ['CAP_SYS_ADMIN'] } })]).holds,
    ).not.toBe('tighter');
  });
  test('allows read alone', () => {
    expect(judged([allow('read')]).reason).toContain('execve, openat, close');
  });
  test('one more is enough', () => {
    expect(judged([START]).holds).toBe('tighter');
  });
});
