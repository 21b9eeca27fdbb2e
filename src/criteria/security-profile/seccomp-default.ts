import { lookup } from '../../lib/json.ts';

/** Comparisons of libseccomp (seccomp_rule_add(3)), without `SCMP_CMP_`. */
export type Operator = 'NE' | 'LT' | 'LE' | 'EQ' | 'GE' | 'GT' | 'MASKED_EQ';

/** One argument of a call compared with a value, at most 32 bits wide. */
export interface Condition {
  readonly index: number;
  readonly op: Operator;
  readonly value: number;
  /** For MASKED_EQ: the bits that are compared. */
  readonly mask: number;
}

/** Kernel version and major revision, as `4.8`. */
export type Kernel = readonly [number, number];

/** Where a rule is in force; an empty list sets no condition (moby/profiles, seccomp_linux.go). */
export interface Scope {
  /** The engine's machine, by libseccomp's short names: one of these. */
  readonly arches?: readonly string[];
  readonly notArches?: readonly string[];
  /** Capabilities of the container: all of these. */
  readonly caps?: readonly string[];
  /** None of these. */
  readonly notCaps?: readonly string[];
  readonly minKernel?: Kernel;
  /** In force below it. */
  readonly belowKernel?: Kernel;
}

/** A rule as the engine gives it to libseccomp; all conditions must be met. */
export interface Rule extends Scope {
  readonly names: readonly string[];
  /** The call may go through: it is allowed, logged, or left to another program. */
  readonly permits: boolean;
  readonly conditions: readonly Condition[];
}

/** True where the engine of this machine uses the rule. */
export function isOn({ arches = [], notArches = [] }: Scope, machine: string): boolean {
  return (arches.length === 0 || arches.includes(machine)) && !notArches.includes(machine);
}

export function isBelow(a: Kernel, b: Kernel): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

/**
 * System calls that Docker's default seccomp profile allows any container, whatever its kernel and
 * capabilities (moby/profiles, seccomp/default.json at cd3bed80). containerd's allows these too.
 */
export const DEFAULT_SYSCALLS: ReadonlySet<string> = new Set(
  (
    '_llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget capset ' +
    'chdir chmod chown chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 ' +
    'clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range ' +
    'connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl ' +
    'epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve ' +
    'execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark ' +
    'fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr ' +
    'flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ' +
    'ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake ' +
    'futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid ' +
    'getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername ' +
    'getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid ' +
    'getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid ' +
    'getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ' +
    'io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ' +
    'ioctl ioprio_get ioprio_set ipc kill landlock_add_rule landlock_create_ruleset ' +
    'landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr ' +
    'listxattrat llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack ' +
    'membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 ' +
    'mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive ' +
    'mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget ' +
    'msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open ' +
    'openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free ' +
    'pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 ' +
    'process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink ' +
    'readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr ' +
    'removexattrat rename renameat renameat2 restart_syscall riscv_hwprobe rmdir rseq ' +
    'rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend ' +
    'rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max ' +
    'sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler ' +
    'sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr ' +
    'sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop ' +
    'semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list ' +
    'set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 ' +
    'setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid ' +
    'setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid ' +
    'setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd ' +
    'signalfd4 sigprocmask sigreturn socketcall socketpair splice stat stat64 statfs statfs64 ' +
    'statmount statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time ' +
    'timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime ' +
    'timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime ' +
    'timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat ' +
    'uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write ' +
    'writev '
  )
    .trim()
    .split(' '),
);

const only = (names: string, scope: Scope = {}, condition?: Condition): Rule => ({
  names: names.split(' '),
  permits: true,
  conditions: condition === undefined ? [] : [condition],
  ...scope,
});
const withCap = (cap: string, names: string): Rule => only(names, { caps: [`CAP_${cap}`] });
const equal = (value: number): Condition => ({ index: 0, op: 'EQ', value, mask: 0 });

/** Flags of clone that make namespaces. */
const NAMESPACES = 0x7e020000;
const S390 = ['s390', 's390x'];

/** More that the default allows: with some arguments, on some machines or with capabilities. */
const CONDITIONAL: readonly Rule[] = [
  only('process_vm_readv process_vm_writev ptrace', { minKernel: [4, 8] }),
  // Neither AF_ALG (38) nor AF_VSOCK (40).
  only('socket', {}, { index: 0, op: 'LT', value: 38, mask: 0 }),
  only('socket', {}, equal(39)),
  only('socket', {}, { index: 0, op: 'GT', value: 40, mask: 0 }),
  ...[0, 8, 0x20000, 0x20008, 0xffffffff].map((value) => only('personality', {}, equal(value))),
  only('sync_file_range2 swapcontext', { arches: ['ppc64le'] }),
  only('arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls', {
    arches: ['arm', 'arm64'],
  }),
  only('arch_prctl', { arches: ['amd64', 'x32'] }),
  only('modify_ldt', { arches: ['amd64', 'x32', 'x86'] }),
  only('s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr', { arches: S390 }),
  only('riscv_flush_icache', { arches: ['riscv64'] }),
  withCap('DAC_READ_SEARCH', 'open_by_handle_at'),
  withCap(
    'SYS_ADMIN',
    'bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie ' +
      'lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount ' +
      'open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog ' +
      'umount umount2 unshare',
  ),
  // With CAP_SYS_ADMIN any clone: to leave these out then, as Docker does, changes nothing.
  only('clone', { notArches: S390 }, { index: 0, op: 'MASKED_EQ', value: 0, mask: NAMESPACES }),
  only('clone', { arches: S390 }, { index: 1, op: 'MASKED_EQ', value: 0, mask: NAMESPACES }),
  withCap('SYS_BOOT', 'reboot'),
  withCap('SYS_CHROOT', 'chroot'),
  withCap('SYS_MODULE', 'delete_module init_module finit_module'),
  withCap('SYS_PACCT', 'acct'),
  withCap(
    'SYS_PTRACE',
    'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  ),
  withCap('SYS_RAWIO', 'iopl ioperm'),
  withCap('SYS_TIME', 'settimeofday stime clock_settime clock_settime64'),
  withCap('SYS_TTY_CONFIG', 'vhangup'),
  withCap('SYS_NICE', 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node'),
  withCap('SYSLOG', 'syslog'),
  withCap('BPF', 'bpf'),
  withCap('PERFMON', 'perf_event_open'),
];

/** All that the default allows; whatever is not in it is refused. */
export const DEFAULT_RULES: readonly Rule[] = [
  { names: [...DEFAULT_SYSCALLS], permits: true, conditions: [] },
  ...CONDITIONAL,
];

const ARM = ['arm', 'arm64'];
const X86 = ['amd64', 'x86'];

/** Calls that only some machines have, by name; elsewhere a rule for them says nothing. */
export const CALLS_OF_MACHINES = lookup<readonly string[]>({
  arch_prctl: X86,
  modify_ldt: X86,
  arm_fadvise64_64: ARM,
  arm_sync_file_range: ARM,
  breakpoint: ARM,
  set_tls: ARM,
  cacheflush: [...ARM, 'mips64', 'mipsel64'],
  sync_file_range2: [...ARM, 'ppc64le'],
  swapcontext: ['ppc64le'],
  riscv_flush_icache: ['riscv64'],
  s390_pci_mmio_read: ['s390x'],
  s390_pci_mmio_write: ['s390x'],
  s390_runtime_instr: ['s390x'],
});

/** Kinds of machines that the default filters, besides the one that the engine runs on. */
export const SUB_ARCHITECTURES = lookup<readonly string[]>({
  amd64: ['X86_64', 'X86', 'X32'],
  x86: ['X86'],
  arm64: ['AARCH64', 'ARM'],
  arm: ['ARM'],
  ppc64le: ['PPC64LE'],
  s390x: ['S390X', 'S390'],
  riscv64: ['RISCV64'],
  loongarch64: ['LOONGARCH64'],
  mips64: ['MIPS64', 'MIPS', 'MIPS64N32'],
  mipsel64: ['MIPSEL64', 'MIPSEL', 'MIPSEL64N32'],
});

/** Capabilities of a container that was given none. */
export const DEFAULT_CAPABILITIES: readonly string[] = (
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP ' +
  'NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);
