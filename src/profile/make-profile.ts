import {
  DEFAULT_RULES,
  type Rule,
  SUB_ARCHITECTURES,
} from '../criteria/security-profile/seccomp-default.ts';
import {
  compareWithDefault,
  denies,
  meets,
  readProfile,
  type SeccompProfile,
} from '../criteria/security-profile/seccomp.ts';
import { isObject } from '../lib/json.ts';
import { byCodeUnit } from '../lib/text.ts';
import type { SeenCall, Trace } from './trace-reader.ts';

/** Argument condition (runtime-spec, config-linux.md#seccomp). MASKED_EQ: `value` is the mask. */
interface ArgumentRule {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ';
}

/** An entry of `syscalls`. `comment` is Docker's own field; other readers ignore it. */
interface SyscallRule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  readonly args?: readonly ArgumentRule[];
  readonly comment?: string;
}

/** A seccomp profile (runtime-spec), as `docker run --security-opt seccomp=FILE` reads it. */
export interface SeccompDocument {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SyscallRule[];
}

export function documentText(document: SeccompDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** The origin of a profile, for its first comment. */
interface ProfileOrigin {
  /** Digest of the image that was traced. */
  readonly image: string;
  /** `linux/amd64`. */
  readonly platform: string;
  /** RFC 3339. */
  readonly when: string;
  readonly exercises: readonly string[];
  /** How the container was run, in words. */
  readonly confinement: string;
}

const LONGEST = 2000;

export function profileComment(origin: ProfileOrigin): string {
  const { image, platform, when, exercises, confinement } = origin;
  const by = exercises.length === 0 ? 'its start alone' : exercises.join(', ');
  return `scoville profile ${image}; ${platform}; ${when}; run ${confinement}; exercised by ${by}`.slice(
    0,
    LONGEST,
  );
}

/** Image and time in a comment of ours, else undefined. */
function originOf(comment: string): { readonly image: string; readonly when: string } | undefined {
  const [, image, when] =
    /^scoville profile (sha256:[0-9a-f]{64}); [^;]{1,64}; (\d{4}-\d\d-\d\dT[\d:.]{8,12}Z);/.exec(
      comment,
    ) ?? [];
  return image === undefined || when === undefined ? undefined : { image, when };
}

/** Calls added for the engine or from the list of rare calls, with the reason. */
interface CallGroup {
  readonly names: readonly string[];
  readonly why: string;
}

const group = (why: string, names: string): CallGroup => ({ why, names: names.split(' ') });

/**
 * Calls of runc between the filter and the program's `execve` with no-new-privileges (traced: runc
 * 1.1.15 with `strace -f runc run`), and what Go's run-time may call meanwhile: threads, timers,
 * preemption by signal.
 */
const START_CALLS: CallGroup = group(
  'runc, before the program starts',
  'close close_range epoll_ctl epoll_pwait execve fcntl fstat fstatfs futex getdents64 getpid gettid madvise mmap ' +
    'munmap nanosleep newfstatat openat read rt_sigaction rt_sigprocmask rt_sigreturn sched_yield ' +
    'sigaltstack tgkill write',
);

/** Same without no-new-privileges: the filter then starts before rights are dropped. */
const PRIVILEGED_START_CALLS: CallGroup = group(
  'runc, before the program starts, in a container without no-new-privileges',
  'capget capset chdir faccessat2 fchown getcwd getppid prctl setgid setgroups setuid',
);

/** Flags of clone for namespaces: Docker's default refuses them. */
const NAMESPACES = 0x7e020000;
/** The new task is a thread of the caller. */
const CLONE_THREAD = 0x10000;
const ALL_BITS = 0xffffffff;
/**
 * Address families of name look-ups (AF_UNIX, AF_INET, AF_INET6, AF_NETLINK), for programs that
 * opened an Internet socket.
 */
const LOOK_UP_FAMILIES = [1, 2, 10, 16];
/** AF_ALG and AF_VSOCK, which the default refuses. */
const REFUSED_FAMILIES = [38, 40];
/** Arguments of `personality` that Docker's default allows. */
const PERSONALITIES = [0, 8, 0x20000, 0x20008, 0xffffffff];

/** How far to narrow arguments. */
interface Narrowing {
  /** GOARCH. */
  readonly architecture: string;
  /** Only what was seen. */
  readonly strict: boolean;
  /** Narrow `ioctl` too. */
  readonly ioctl: boolean;
}

/**
 * Rules for a call's arguments, any of which allows it; undefined for any arguments. `seen` is
 * undefined for calls that only the engine or a rare case needs.
 */
function argumentRules(
  name: string,
  seen: SeenCall | undefined,
  { architecture, strict, ioctl }: Narrowing,
): readonly ArgumentRule[] | undefined {
  const equals = (values: readonly number[]): readonly ArgumentRule[] =>
    values.map((value) => ({ index: 0, value, op: 'SCMP_CMP_EQ' }));
  switch (name) {
    case 'socket': {
      const families = [...(seen?.values ?? [])]
        .map(Number)
        .filter((family) => family < 256 && !REFUSED_FAMILIES.includes(family));
      const looksUp = !strict && families.some((family) => family === 2 || family === 10);
      const all = new Set([...families, ...(looksUp ? LOOK_UP_FAMILIES : [])]);
      return equals([...all].toSorted((a, b) => a - b));
    }
    case 'clone': {
      const isThread = onlyThreads(seen);
      const value = isThread ? NAMESPACES + CLONE_THREAD : NAMESPACES;
      const valueTwo = isThread ? CLONE_THREAD : 0;
      const index = architecture === 's390x' ? 1 : 0;
      return [{ index, value, valueTwo, op: 'SCMP_CMP_MASKED_EQ' }];
    }
    case 'personality':
      return equals(PERSONALITIES);
    default:
      return ioctl && seen?.values !== undefined ? lowWords([...seen.values]) : undefined;
  }
}

/** True if every new task was a thread, so no process was started. */
function onlyThreads(seen: SeenCall | undefined): boolean {
  if (seen === undefined) return true;
  return seen.values !== undefined && [...seen.values].every((flags) => (flags & 0x10000n) !== 0n);
}

/** Compares the low word of the second argument: C libraries leave other bits in the high one. */
function lowWords(values: readonly bigint[]): readonly ArgumentRule[] {
  const low = new Set(values.map((value) => Number(value & 0xffffffffn)));
  return [...low]
    .toSorted((a, b) => a - b)
    .map((valueTwo) => ({ index: 1, value: ALL_BITS, valueTwo, op: 'SCMP_CMP_MASKED_EQ' }));
}

/** Calls that are too rare for a trace, and their purpose. */
interface RareCalls extends CallGroup {
  /** Only for programs with one of these calls; absent: for all. */
  readonly after?: readonly string[];
  /** Not for programs with one of these. */
  readonly unless?: readonly string[];
}

/**
 * Per line: purpose, calls, the calls they come with, and those that speak against it. All are in
 * Docker's default. None opens a connection or a port, makes a process or changes rights.
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
a client connects, and none did in the trace |
  accept accept4 epoll_ctl epoll_pwait epoll_wait fcntl poll ppoll read readv recvfrom recvmsg select
  sendmsg sendto | listen | accept accept4
a connection is slow, large, or fails |
  close getpeername getsockname getsockopt setsockopt shutdown write writev |
  accept accept4 connect listen
messages come by another call of the same kind |
  recvfrom recvmsg sendmsg sendto | recvfrom recvmsg sendmsg sendto
a name is looked up | bind ioctl poll sendmmsg uname | connect
a file is read in another way | close fstat lseek newfstatat pread64 read | openat open
a process that was started ends | rt_sigaction wait4 waitid | fork vfork wait4 waitid
`;

export const RARE_CALLS: readonly RareCalls[] = RARE.trim()
  .split(/\n(?! )/)
  .map((row): RareCalls => {
    const [why = '', names = '', after, unless] = row.split(/ \|\s+/);
    return {
      why,
      names: names.trim().split(/\s+/),
      ...(after === undefined ? {} : { after: after.split(' ') }),
      ...(unless === undefined ? {} : { unless: unless.split(' ') }),
    };
  });

/** A profile, and calls that none of our profiles allows. */
interface MadeProfile {
  readonly document: SeccompDocument;
  /** Calls that the program tried and Docker's default refuses, by name. */
  readonly refused: readonly string[];
}

const EPERM = 1;
const ENOSYS = 38;
/** libseccomp's names of the machines of a GOARCH. */
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
/** Calls that every profile narrows. */
const NARROWED = ['socket', 'clone', 'personality', 'ioctl'];

export function canProfile(architecture: string): boolean {
  return Object.hasOwn(MACHINES, architecture);
}

/**
 * Makes the profile of a trace. It allows what the program called within Docker's default, what the
 * engine needs to start it, and (without `strict`) calls too rare for a trace. `comment` names its
 * origin.
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

/** The answer of Docker's default: C libraries then use clone, whose flags a filter can read. */
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

/** True for a rule without conditions: any kernel, any capabilities. */
function isForAll({ caps = [], arches = [], minKernel, belowKernel }: Rule, machine: string) {
  const isHere = arches.length === 0 || arches.includes(machine);
  return caps.length === 0 && minKernel === undefined && belowKernel === undefined && isHere;
}

function rareCalls(seen: ReadonlySet<string>): { why: string; names: readonly string[] } {
  const isSeen = (name: string): boolean => seen.has(name);
  const groups = RARE_CALLS.filter(
    ({ after, unless }) => (after?.some(isSeen) ?? true) && unless?.some(isSeen) !== true,
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
  // For a 32-bit machine, libseccomp adds the engine's own.
  return [own, ...(architecture === '386' ? [] : used)].map((name) => `SCMP_ARCH_${name}`);
}

/** A right of every container under the default, with its calls. */
interface Right {
  readonly words: string;
  readonly calls: readonly string[];
}

const right = (words: string, calls: string): Right => ({ words, calls: calls.split(' ') });

/**
 * Rights that attackers use, worst first. Without calls that the default refuses (mount, bpf ...).
 */
const RIGHTS: readonly Right[] = [
  right('read or write the memory of other processes', 'ptrace process_vm_readv process_vm_writev'),
  right('run a program from memory', 'memfd_create execveat'),
  right('open connections to other hosts', 'connect sendto sendmsg sendmmsg'),
  right('accept connections', 'listen accept accept4'),
  right('make devices and special files', 'mknod mknodat'),
  right('change modes of files', 'chmod fchmod fchmodat fchmodat2'),
  right('change owners of files', 'chown fchown lchown fchownat'),
  right('make links', 'link linkat symlink symlinkat'),
  right('remove or rename files', 'unlink unlinkat rename renameat renameat2 rmdir'),
  right('open files by handle', 'name_to_handle_at'),
  right('move pages between pipes (splice, vmsplice, tee)', 'splice vmsplice tee'),
  right('use asynchronous input and output (io_setup)', 'io_setup io_submit'),
  right('share memory or messages (System V, POSIX)', 'shmget msgget semget mq_open'),
  right('watch files', 'inotify_init inotify_init1 fanotify_mark'),
  right('signal other processes by descriptor', 'pidfd_open pidfd_send_signal'),
  right('change the order of processes', 'sched_setscheduler sched_setattr setpriority'),
  right('change tables of the processor', 'modify_ldt'),
  right('set the clock', 'clock_adjtime adjtimex'),
];

const MACHINE_NOTES: Readonly<Record<string, string>> = {
  SCMP_ARCH_X86_64: 'call the kernel as a program of 32 bits or x32',
  SCMP_ARCH_AARCH64: 'call the kernel as a program of 32 bits',
};

/** Rights that a program loses with the profile, as words after "it can no longer". */
export function goneRights(
  { syscalls, architectures }: SeccompDocument,
  trace: Trace,
): readonly string[] {
  const allowed = new Set(
    syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW').flatMap(({ names }) => names),
  );
  const [only = '', ...others] = architectures;
  const note = others.length === 0 ? MACHINE_NOTES[only] : undefined;
  return [
    ...(startsProcesses(trace) ? [] : ['start another process (fork, spawn, a shell beside it)']),
    ...RIGHTS.filter(({ calls }) => !calls.some((name) => allowed.has(name))).map(
      ({ words, calls }) =>
        `${words}${words.includes('(') ? '' : ` (${calls.slice(0, 2).join(', ')})`}`,
    ),
    ...(note === undefined ? [] : [note]),
  ];
}

/** True if anything in the trace made a process, not only threads. */
export function startsProcesses({ calls }: Trace): boolean {
  return calls.has('fork') || calls.has('vfork') || !onlyThreads(calls.get('clone'));
}

/**
 * Calls of a trace that a profile refuses and the engine's default allows, in words: `socket (AF
 * 16)`. Calls that the default refuses too do not matter to the program.
 */
function forbiddenCalls(trace: Trace, profile: SeccompProfile): readonly string[] {
  const permitting = profile.rules.filter(({ permits }) => permits);
  const byDefault = DEFAULT_RULES.filter(({ caps = [] }) => caps.length === 0);
  return [...trace.calls]
    .toSorted(([a], [b]) => byCodeUnit(a, b))
    .flatMap(([name, seen]) => {
      const standard = byDefault.filter(({ names }) => names.includes(name));
      if (standard.length === 0) return [];
      const rules = permitting.filter(({ names }) => names.includes(name));
      return rules.length === 0 ? [name] : refusedValues(name, seen, rules, standard);
    });
}

function refusedValues(
  name: string,
  { values }: SeenCall,
  rules: readonly Rule[],
  standard: readonly Rule[],
): readonly string[] {
  if (rules.some(({ conditions }) => conditions.length === 0)) return [];
  // Too many values to keep, and the profile allows only some.
  if (values === undefined) return name === 'ioctl' || name === 'prctl' ? [name] : [];
  const isMet = (value: number, some: readonly Rule[]): boolean =>
    some.some(({ conditions }) => conditions.every((one) => meets(value, one)));
  return [...values]
    .map((value) => Number(value & 0xffffffffn))
    .filter((value) => isMet(value, standard) && !isMet(value, rules))
    .toSorted((a, b) => a - b)
    .map((value) => `${name} (${ARGUMENT[name] ?? 'argument'} 0x${value.toString(16)})`);
}

const ARGUMENT: Readonly<Record<string, string | undefined>> = {
  socket: 'family',
  clone: 'flags',
  prctl: 'option',
  ioctl: 'request',
};

/** An existing profile, compared with the calls of an image now. */
interface CheckedProfile {
  readonly holds: boolean;
  /** Calls of the program that it refuses, in words. */
  readonly forbidden: readonly string[];
  /** What it allows and the engine's default refuses, in words. */
  readonly wider: readonly string[];
  /** The image and time it was made from, if it names them. */
  readonly madeFrom?: { readonly image: string; readonly when: string };
}

/** Checks an image's profile (parsed JSON) for `architecture` (GOARCH). Throws MalformedProfile. */
export function checkProfile(
  trace: Trace,
  document: unknown,
  architecture: string,
): CheckedProfile {
  const profile = readProfile(document);
  const { more } = compareWithDefault(profile, architecture);
  const wider = denies(profile.defaultAction)
    ? more
    : [...more, `all that it does not name (${profile.defaultAction})`];
  const forbidden = forbiddenCalls(trace, profile);
  const madeFrom = commentsOf(document)
    .map(originOf)
    .find((one) => one !== undefined);
  return {
    holds: wider.length === 0 && forbidden.length === 0,
    forbidden,
    wider,
    ...(madeFrom === undefined ? {} : { madeFrom }),
  };
}

function commentsOf(document: unknown): readonly string[] {
  const entries: unknown = isObject(document) ? document['syscalls'] : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) =>
    isObject(entry) && typeof entry['comment'] === 'string' ? [entry['comment']] : [],
  );
}
