import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_RULES } from '../../src/criteria/security-profile/seccomp-default.ts';
import { judgeProfile } from '../../src/criteria/security-profile/verdict.ts';
import { tableRows, words } from '../fakes/table.ts';
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

/** What docker-default denies of files, and of networks. */
const DENIES = `deny network alg,
  deny @{PROC}/* w,
  deny @{PROC}/{[^1-9/],[^1-9/][^0-9/],[^1-9s/][^0-9y/][^0-9s/],[^1-9/][^0-9/][^0-9/][^0-9/]*}/** w,
  deny @{PROC}/sys/[^k]** w,  # but the kernel's
  deny @{PROC}/sys/kernel/{?,??,[^s][^h][^m]**} w,
  deny @{PROC}/sysrq-trigger rwklx,
  deny @{PROC}/kcore rwklx,
  deny mount,
  deny /sys/[^f]*/** wklx,
  deny /sys/f[^s]*/** wklx,
  deny /sys/fs/[^c]*/** wklx,
  deny /sys/fs/c[^g]*/** wklx,
  deny /sys/fs/cg[^r]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/devices/virtual/powercap/** rwklx,
  deny /sys/kernel/security/** rwklx,`;
const OWN = 'signal (send,receive) peer=app, ptrace (trace,read) peer=app,';

const SIGNS: Readonly<Record<string, string>> = {
  '@NAMESPACES': String(NAMESPACES),
  '@DENIES': DENIES,
  '@KCORE': DENIES.replace('deny @{PROC}/kcore rwklx,', ''),
  '@ONELINE': DENIES.replaceAll(/#.*/g, ''),
  '@OWN': OWN,
  '@TUNABLES': '#include <tunables/global>\n',
  '@BASE': '\n  #include <abstractions/base>\n  ',
};
const whole = (text: string): string =>
  Object.entries(SIGNS).reduce((all, [sign, long]) => all.replaceAll(sign, () => long), text);

const ROWS = tableRows('test/criteria/profiles.tsv');
test.each(ROWS)('%s: %s', (holds, _name, kind, text = '', rest = '', architecture = 'amd64') => {
  if (kind === 'seccomp') {
    const entries = (JSON.parse(whole(text)) as Entry[]).map((entry) => ({
      ...('name' in entry ? {} : { action: 'SCMP_ACT_ALLOW' }),
      ...entry,
    }));
    const more = JSON.parse(whole(rest || '{}')) as object;
    expect(judge(entries, more, architecture)).toMatchObject({ kind, holds });
    return;
  }
  const written = JSON.parse(`"${text.replaceAll('"', '\\"')}"`) as string;
  expect(judgeProfile(kind as 'apparmor' | 'selinux', whole(written), 'amd64').holds).toBe(holds);
});

describe('a seccomp profile beside the default', () => {
  test('the default itself is not, on any machine', () => {
    for (const architecture of ['amd64', '386', 'arm64', 'arm', 'ppc64le', 's390x', 'riscv64'])
      expect(judge(DEFAULT.syscalls, {}, architecture).reason).toBe(
        'allows every system call that the default allows',
      );
  });

  test('the default with one argument less is not decided', () => {
    const entries = DEFAULT.syscalls.filter(({ args }) => args?.[0]?.value !== 39);
    expect(judge(entries)).toMatchObject({ holds: 'undecided' });
  });
});

const NAMES = [...words('read clone socket personality ptrace mount bpf clone3 chroot made_up')];
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
    action: fc.constantFrom(...words('ALLOW ALLOW LOG ERRNO KILL').map((one) => `SCMP_ACT_${one}`)),
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
