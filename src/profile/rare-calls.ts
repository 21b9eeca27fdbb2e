import type { CallGroup } from './engine-calls.ts';

/** Calls that a program makes too rarely for a trace, and what for. */
interface RareCalls extends CallGroup {
  /** Only for programs that made one of these; without it for all. */
  readonly after?: readonly string[];
}

const rare = (why: string, names: string, after?: string): RareCalls => ({
  why,
  names: names.split(' '),
  ...(after === undefined ? {} : { after: after.split(' ') }),
});

/** All are calls of the default. Nothing here opens a connection, makes a process or changes a right. */
export const RARE_CALLS: readonly RareCalls[] = [
  rare(
    'a signal handler, a thread or the program ends',
    'exit exit_group restart_syscall rt_sigreturn',
  ),
  rare('memory grows, or is given back', 'brk madvise mmap mprotect mremap munmap'),
  rare('a lock is contended, or a timer waits', 'clock_nanosleep futex nanosleep sched_yield'),
  rare(
    'the clock of the kernel cannot be read without a call (in some virtual machines)',
    'clock_gettime gettimeofday',
  ),
  rare(
    'the program aborts, or its run-time reports a crash',
    'getpid gettid rt_sigaction rt_sigprocmask sigaltstack tgkill',
  ),
  rare('random numbers are drawn again', 'getrandom'),
  rare('a thread starts later', 'rseq sched_getaffinity set_robust_list', 'set_robust_list rseq'),
  rare(
    'a connection is slow, large, or fails',
    'close getpeername getsockname getsockopt setsockopt shutdown write writev',
    'accept accept4 connect',
  ),
  rare(
    'messages come by another call of the same kind',
    'recvfrom recvmsg sendmsg sendto',
    'recvfrom recvmsg sendmsg sendto',
  ),
  rare('a name is looked up', 'bind ioctl poll sendmmsg uname', 'connect'),
  rare('a file is read in another way', 'close fstat lseek newfstatat pread64 read', 'openat open'),
  rare('a process that was started ends', 'rt_sigaction wait4 waitid', 'fork vfork wait4 waitid'),
];
