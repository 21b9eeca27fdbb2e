import {
  DEFAULT_RULES,
  SUB_ARCHITECTURES,
} from '../rules/security-profile/seccomp/default-profile.ts';
import type { Rule } from '../rules/security-profile/seccomp/rule.ts';
import { argumentRules, type Narrowing } from './argument-rules.ts';
import { PRIVILEGED_START_CALLS, START_CALLS, type CallGroup } from './engine-calls.ts';
import type { SeccompDocument, SyscallRule } from './seccomp-document.ts';
import type { Trace } from './trace-reader.ts';

/** Calls that a program makes too rarely for a trace, and what for. */
interface RareCalls extends CallGroup {
  /** Only for programs that made one of these; without it for all. */
  readonly after?: readonly string[];
}

/**
 * By line: what for, the calls, and after which other ones. All are in Docker's default. None opens
 * a connection, makes a process or changes rights.
 */
const RARE = `
a signal handler, a thread or the program ends | exit exit_group restart_syscall rt_sigreturn
memory grows, or is given back | brk madvise mmap mprotect mremap munmap
a lock is contended, or a timer waits | clock_nanosleep futex nanosleep sched_yield
the clock of the kernel cannot be read without a call (in some virtual machines) |
  clock_gettime gettimeofday
the program aborts, or its run-time reports a crash |
  getpid gettid rt_sigaction rt_sigprocmask sigaltstack tgkill
random numbers are drawn again | getrandom
a thread starts later | rseq sched_getaffinity set_robust_list | set_robust_list rseq
a connection is slow, large, or fails |
  close getpeername getsockname getsockopt setsockopt shutdown write writev | accept accept4 connect
messages come by another call of the same kind |
  recvfrom recvmsg sendmsg sendto | recvfrom recvmsg sendmsg sendto
a name is looked up | bind ioctl poll sendmmsg uname | connect
a file is read in another way | close fstat lseek newfstatat pread64 read | openat open
a process that was started ends | rt_sigaction wait4 waitid | fork vfork wait4 waitid
`;

export const RARE_CALLS: readonly RareCalls[] = RARE.trim()
  .split(/\n(?! )/)
  .map((row): RareCalls => {
    const [why = '', names = '', after] = row.split(/ \|\s+/);
    return {
      why,
      names: names.split(' '),
      ...(after === undefined ? {} : { after: after.split(' ') }),
    };
  });

/** A profile, and what was called that no profile of ours allows. */
interface MadeProfile {
  readonly document: SeccompDocument;
  /** Calls that the program tried and Docker's default refuses, by name. */
  readonly refused: readonly string[];
}

const EPERM = 1;
const ENOSYS = 38;
/** libseccomp's names of what a GOARCH is called by it. */
const MACHINES: Readonly<Record<string, string>> = {
  amd64: 'amd64',
  '386': 'x86',
  arm64: 'arm64',
  arm: 'arm',
  ppc64le: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loongarch64',
};
/** Calls that exist to be narrowed in every profile. */
const NARROWED = ['socket', 'clone', 'personality', 'prctl', 'ioctl'];

/** True for GOARCHes that a profile can be made for. */
export function canProfile(architecture: string): boolean {
  return Object.hasOwn(MACHINES, architecture);
}

/**
 * Makes the profile of a trace: what the program called and Docker's default allows every
 * container, what the engine needs to start it, and (without `strict`) calls that are too rare to
 * be seen. `comment` says where it comes from.
 */
export function makeProfile(trace: Trace, narrowing: Narrowing, comment: string): MadeProfile {
  const machine = MACHINES[narrowing.architecture] ?? narrowing.architecture;
  const isAllowed = (name: string): boolean =>
    DEFAULT_RULES.some((rule) => rule.names.includes(name) && isForAll(rule, machine));
  const called = [...trace.calls.keys()];
  const seen = new Set(called.filter(isAllowed));
  const groups: { why: string; names: readonly string[] }[] = [
    { why: comment, names: [...seen] },
    START_CALLS,
    ...(narrowing.strict ? [] : [PRIVILEGED_START_CALLS, rareCalls(seen)]),
  ];
  const taken = new Set<string>([...NARROWED]);
  const plain = groups.map(({ why, names }): SyscallRule => {
    const fresh = [...new Set(names)].filter((name) => !taken.has(name)).toSorted();
    for (const name of fresh) taken.add(name);
    return { names: fresh, action: 'SCMP_ACT_ALLOW', comment: why };
  });
  // Go's run-time may start a thread before the program's execve.
  const wanted = new Set([...groups.flatMap(({ names }) => names), 'clone']);
  const narrowed = NARROWED.filter((name) => wanted.has(name)).flatMap((name) =>
    narrowedRules(name, argumentRules(name, trace.calls.get(name), narrowing)),
  );
  return {
    document: {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: EPERM,
      architectures: architectures(trace, narrowing.architecture, machine),
      syscalls: [...plain.filter(({ names }) => names.length > 0), ...narrowed, NO_CLONE3],
    },
    refused: called.filter((name) => !seen.has(name)).toSorted(),
  };
}

/** As Docker's default answers: C libraries then take clone, whose flags a filter can read. */
const NO_CLONE3: SyscallRule = {
  names: ['clone3'],
  action: 'SCMP_ACT_ERRNO',
  errnoRet: ENOSYS,
};

function narrowedRules(
  name: string,
  rules: ReturnType<typeof argumentRules>,
): readonly SyscallRule[] {
  const names = [name];
  if (rules === undefined) return [{ names, action: 'SCMP_ACT_ALLOW' }];
  return rules.map((rule) => ({ names, action: 'SCMP_ACT_ALLOW', args: [rule] }));
}

/** True for a rule that counts on every kernel, whatever the capabilities of the container. */
function isForAll({ caps = [], arches = [], minKernel, belowKernel }: Rule, machine: string) {
  const isHere = arches.length === 0 || arches.includes(machine);
  return caps.length === 0 && minKernel === undefined && belowKernel === undefined && isHere;
}

function rareCalls(seen: ReadonlySet<string>): { why: string; names: readonly string[] } {
  const groups = RARE_CALLS.filter(
    ({ after }) => after === undefined || after.some((name) => seen.has(name)),
  );
  const why = groups.map((one) => `${one.why}: ${one.names.join(' ')}`).join('; ');
  return {
    why: `rare calls, which a trace may miss. ${why}`,
    names: groups.flatMap((one) => one.names),
  };
}

function architectures(trace: Trace, architecture: string, machine: string): readonly string[] {
  const [own = '', ...others] = SUB_ARCHITECTURES[machine] ?? [];
  const used = others.filter((name) =>
    name === 'X32' ? trace.modes.has('x32') : trace.modes.has('32 bit'),
  );
  // libseccomp adds the engine's own machine to one of 32 bits.
  return [own, ...(architecture === '386' ? [] : used)].map((name) => `SCMP_ARCH_${name}`);
}
