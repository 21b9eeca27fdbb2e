/** Calls that the engine or the tracer's list adds, with why. */
export interface CallGroup {
  readonly names: readonly string[];
  readonly why: string;
}

const group = (why: string, names: string): CallGroup => ({ why, names: names.split(' ') });

/**
 * What runc calls between the filter and the program's `execve` with no-new-privileges (traced:
 * runc 1.1.15 with `strace -f runc run`), and what Go's run-time may call meanwhile: threads,
 * timers, preemption by signal.
 */
export const START_CALLS: CallGroup = group(
  'runc, before the program starts',
  'close close_range epoll_ctl epoll_pwait execve fcntl fstat fstatfs futex getdents64 getpid gettid madvise mmap ' +
    'munmap nanosleep newfstatat openat read rt_sigaction rt_sigprocmask rt_sigreturn sched_yield ' +
    'sigaltstack tgkill write',
);

/** The same without no-new-privileges: the filter then starts before the rights are dropped. */
export const PRIVILEGED_START_CALLS: CallGroup = group(
  'runc, before the program starts, in a container without no-new-privileges',
  'capget capset chdir faccessat2 fchown getcwd getppid prctl setgid setgroups setuid',
);
